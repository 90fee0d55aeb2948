//! The layer's configuration.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::Bearer;
use crate::{
    challenge::ChallengeFields, config::ConfigError, entra::EntraApp, metadata::ProtectedResource, respond::EmptyBody,
    scope::ScopeSet, verify::Verifier,
};

/// Requires a good access token; see the [module docs](super).
///
/// # Defaults
/// Any scope will do (but there must be one: a token without is not a user's access token), refusals have no body, and
/// challenges name no metadata document.
pub struct BearerLayer<R = EmptyBody> {
    pub(super) policy: Arc<Policy>,
    pub(super) respond: Arc<R>,
}

/// What does not depend on the body type.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) verifier: Verifier,
    pub(super) challenge: ChallengeFields,
}

impl BearerLayer {
    /// Requires tokens that are meant for `app`.
    #[must_use]
    pub fn new(app: &EntraApp) -> Self {
        Self::with_verifier(Verifier::entra(app))
    }

    /// Requires tokens that `verifier` finds good; keep a clone of it to ask for its readiness.
    #[must_use]
    pub fn with_verifier(verifier: Verifier) -> Self {
        let challenge = ChallengeFields {
            resource_metadata: None,
            // The GUID form works whatever the App ID URI is, and it alone can be refreshed when client and API are one
            // app (AADSTS90009).
            scope_prefix: format!("{}/", verifier.app().client_id()).into(),
            required: ScopeSet::default(),
        };
        Self { policy: Arc::new(Policy { verifier, challenge }), respond: Arc::new(EmptyBody) }
    }
}

impl<R> BearerLayer<R> {
    /// Requires a scope, by its name as it stands in `scp`; several calls require all of them.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty or malformed name.
    pub fn require_scope(mut self, scope: &str) -> Result<Self, ConfigError> {
        let challenge = &mut Arc::make_mut(&mut self.policy).challenge;
        challenge.required = ScopeSet::required(challenge.required.iter().chain([scope]))?;
        Ok(self)
    }

    /// Names the resource's metadata document (RFC 9728) in every challenge.
    #[must_use]
    pub fn with_resource(mut self, resource: &ProtectedResource) -> Self {
        Arc::make_mut(&mut self.policy).challenge.resource_metadata = Some(resource.metadata_url().into());
        self
    }

    /// Makes the bodies of refusals in another way.
    #[must_use]
    pub fn respond_with<R2>(self, respond: R2) -> BearerLayer<R2> {
        BearerLayer { policy: self.policy, respond: Arc::new(respond) }
    }
}

// By hand: a derive would ask `R: Clone`, and the error would appear at the user's `.layer(..)`.
impl<R> Clone for BearerLayer<R> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy), respond: Arc::clone(&self.respond) }
    }
}

impl<R> fmt::Debug for BearerLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerLayer").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl<S, R> Layer<S> for BearerLayer<R> {
    type Service = Bearer<S, R>;

    fn layer(&self, inner: S) -> Bearer<S, R> {
        Bearer::new(inner, self.clone())
    }
}
