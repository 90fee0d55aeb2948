//! The layer's configuration.

use tower_layer::Layer;

use super::{Redirect, RedirectAllowlist};

/// Judges the redirect URI of authorization requests; see the [module docs](super).
///
/// # Defaults
/// Those of [`RedirectAllowlist`].
#[derive(Clone, Debug, Default)]
pub struct RedirectLayer {
    allowlist: RedirectAllowlist,
}

impl RedirectLayer {
    /// Lets through what this list allows.
    #[must_use]
    pub const fn new(allowlist: RedirectAllowlist) -> Self {
        Self { allowlist }
    }
}

impl<S> Layer<S> for RedirectLayer {
    type Service = Redirect<S>;

    fn layer(&self, inner: S) -> Redirect<S> {
        Redirect::new(inner, self.allowlist.clone())
    }
}
