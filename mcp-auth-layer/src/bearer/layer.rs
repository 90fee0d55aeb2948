//! The layer's configuration.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use super::{Bearer, StepUpRoute};
use crate::{
    challenge::ChallengeFields, config::ConfigError, entra::EntraApp, metadata::ProtectedResource,
    policy::AccessPolicy, respond::EmptyBody, scope::ScopeSet, verify::Verifier,
};

/// Requires a good access token; see the [module docs](super).
///
/// # Defaults
/// Any user's token will do (it has some scope: a token without is not a user's access token), applications are refused,
/// refusals have no body, and challenges name no metadata document.
pub struct BearerLayer<R = EmptyBody> {
    pub(super) policy: Arc<Policy>,
    pub(super) respond: Arc<R>,
}

/// What does not depend on the body type.
#[derive(Clone)]
pub(super) struct Policy {
    pub(super) verifier: Verifier,
    /// The scopes of [`BearerLayer::require_scope`], which are also part of every policy.
    scopes: ScopeSet,
    given: Vec<AccessPolicy>,
    /// Every one of them must let a caller through; never empty.
    pub(super) access: Vec<AccessPolicy>,
    pub(super) challenge: ChallengeFields,
    pub(super) step_up: Option<Arc<dyn StepUpRoute>>,
}

impl Policy {
    fn new(verifier: Verifier) -> Self {
        let challenge = ChallengeFields {
            resource_metadata: None,
            scope_prefix: verifier.scope_prefix().into(),
            required: ScopeSet::default(),
        };
        Self {
            verifier,
            scopes: ScopeSet::default(),
            given: Vec::new(),
            access: vec![AccessPolicy::default()],
            challenge,
            step_up: None,
        }
    }

    /// Puts the scopes into every policy, so that the order of the layer's methods does not matter.
    fn combine(&mut self) {
        let alone = [AccessPolicy::default()];
        let given = if self.given.is_empty() { &alone[..] } else { &self.given };
        self.access = given.iter().map(|access| access.clone().and_scopes(&self.scopes)).collect();
        self.challenge.required = ScopeSet::default();
        for access in &self.access {
            self.challenge.required.extend(&access.to_ask_for());
        }
    }
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
        Self { policy: Arc::new(Policy::new(verifier)), respond: Arc::new(EmptyBody) }
    }
}

impl<R> BearerLayer<R> {
    /// Requires a scope, by its name as it stands in `scp`; several calls require all of them.
    ///
    /// An application, which has no scopes, is judged by [`require`](Self::require) alone.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty or malformed name.
    pub fn require_scope(mut self, scope: &str) -> Result<Self, ConfigError> {
        let policy = Arc::make_mut(&mut self.policy);
        policy.scopes.extend(&ScopeSet::required([scope])?);
        policy.combine();
        Ok(self)
    }

    /// Requires what this policy asks for; several calls require all of them.
    #[must_use]
    pub fn require(mut self, access: impl Into<AccessPolicy>) -> Self {
        let policy = Arc::make_mut(&mut self.policy);
        policy.given.push(access.into());
        policy.combine();
        self
    }

    /// Tells the clients that this route is for of a step-up by a scope instead of by claims.
    #[must_use]
    pub fn with_step_up(mut self, route: impl StepUpRoute) -> Self {
        Arc::make_mut(&mut self.policy).step_up = Some(Arc::new(route));
        self
    }

    /// Names the resource's metadata document (RFC 9728) in every challenge, and spells scopes as that does.
    #[must_use]
    pub fn with_resource(mut self, resource: &ProtectedResource) -> Self {
        let challenge = &mut Arc::make_mut(&mut self.policy).challenge;
        challenge.resource_metadata = Some(resource.metadata_url().into());
        if resource.has_authorization_server() {
            challenge.scope_prefix = Box::default();
        }
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
        let Policy { verifier, access, challenge, .. } = &*self.policy;
        let mut shown = f.debug_struct("BearerLayer");
        shown.field("verifier", verifier).field("access", access).field("challenge", challenge).finish_non_exhaustive()
    }
}

impl<S, R> Layer<S> for BearerLayer<R> {
    type Service = Bearer<S, R>;

    fn layer(&self, inner: S) -> Bearer<S, R> {
        Bearer::new(inner, self.clone())
    }
}
