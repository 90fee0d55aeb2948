//! The layer's configuration.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{OriginGuard, allowed::Allowed};
use crate::{config::ConfigError, respond::EmptyBody};

/// Refuses requests for other hosts and from foreign pages; see the [module docs](super).
///
/// # Defaults
/// The base URL's host and origin alone, and refusals without a body.
pub struct OriginLayer<R = EmptyBody> {
    pub(super) allowed: Arc<Allowed>,
    pub(super) respond: Arc<R>,
}

impl OriginLayer {
    /// Protects the service at this base URL, by which its clients know it.
    ///
    /// # Errors
    /// [`ConfigError::Url`] unless it is an exact origin, such as `https://mcp.example.com` or `http://127.0.0.1:8080`:
    /// https, or http on loopback; nothing after host and port.
    pub fn new(base_url: &str) -> Result<Self, ConfigError> {
        Ok(Self { allowed: Arc::new(Allowed::own(base_url)?), respond: Arc::new(EmptyBody) })
    }
}

impl<R> OriginLayer<R> {
    /// Lets pages of this origin call the service.
    ///
    /// # Errors
    /// [`ConfigError::Url`] unless it is an exact origin, as for [`new`](OriginLayer::new). There are no wildcards.
    pub fn allow_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.allowed).add_origin(origin)?;
        Ok(self)
    }

    /// Lets requests name the service by another host, `name` or `name:port`.
    ///
    /// Without a port it means the default port of the base URL's scheme.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for anything else. There are no wildcards.
    pub fn allow_host(mut self, host: &str) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.allowed).add_host(host)?;
        Ok(self)
    }

    /// Makes the bodies of refusals in another way.
    #[must_use]
    pub fn respond_with<R2>(self, respond: R2) -> OriginLayer<R2> {
        OriginLayer { allowed: self.allowed, respond: Arc::new(respond) }
    }
}

// By hand: a derive would ask `R: Clone`, and the error would appear at the user's `.layer(..)`.
impl<R> Clone for OriginLayer<R> {
    fn clone(&self) -> Self {
        Self { allowed: Arc::clone(&self.allowed), respond: Arc::clone(&self.respond) }
    }
}

impl<R> fmt::Debug for OriginLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginLayer").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl<S, R> Layer<S> for OriginLayer<R> {
    type Service = OriginGuard<S, R>;

    fn layer(&self, inner: S) -> OriginGuard<S, R> {
        OriginGuard::new(inner, self.clone())
    }
}
