//! The lazy handle through which handlers act for the caller.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Extensions;
use mcp_auth_layer::{VerifiedToken, reject::Rejection};
use tokio::time::Instant;

use crate::{
    access_token::AccessToken,
    boxed::BoxFuture,
    error::{ExchangeError, ExchangeErrorKind},
    exchange::Exchange,
    target::Target,
    token_source::TokenSource,
};

/// Acts on behalf of the caller of one request.
///
/// It is in the extensions of every request that passed the [`OboLayer`](crate::OboLayer), and costs nothing until it is asked
/// for a token. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct OnBehalfOf(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    exchange: Exchange,
    user: Option<VerifiedToken>,
    arrived: Instant,
    answer: Mutex<Answer>,
}

/// What the request is answered with.
#[derive(Debug)]
enum Answer {
    /// What the handler returns.
    Handlers,
    /// What was raised.
    Raised(Rejection),
    /// The response's head has left, and nothing changes it any more.
    Left,
}

/// Whether the request is answered by what was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Raised {
    /// Yes, when the handler returns its response.
    Yes,
    /// No: another error was raised first, the response's head has left, or the caller's token has been given this challenge
    /// before.
    No,
}

impl OnBehalfOf {
    pub(crate) fn new(exchange: Exchange, user: Option<VerifiedToken>) -> Self {
        Self(Arc::new(Handle { exchange, user, arrived: Instant::now(), answer: Mutex::new(Answer::Handlers) }))
    }

    /// Finds the handle of a request.
    ///
    /// # Errors
    /// [`Rejection::NotWired`], a 500, when no `OboLayer` stands outside.
    pub fn from_extensions(extensions: &Extensions) -> Result<&Self, Rejection> {
        extensions.get().ok_or_else(|| {
            let missing = "OboLayer";
            tracing::error!(missing, "a handler acts for its caller, and OboLayer does not stand around it");
            Rejection::NotWired { missing }
        })
    }

    /// Returns a token of `target` for the caller: from the cache, or from Entra.
    ///
    /// # Errors
    /// [`ExchangeError`]; [`NoUser`](ExchangeErrorKind::NoUser) when the caller is anonymous.
    pub async fn token(&self, target: &Target) -> Result<AccessToken, ExchangeError> {
        self.0.exchange.token(self.user()?, target).await
    }

    /// Returns a token that satisfies a downstream API's claims challenge, always from Entra.
    ///
    /// `challenge` is the value of `claims` as in the `WWW-Authenticate` header, or JSON.
    ///
    /// # Errors
    /// [`ExchangeError`]; mostly [`StepUp`](ExchangeErrorKind::StepUp), which the caller must satisfy.
    pub async fn token_with_claims(&self, target: &Target, challenge: &str) -> Result<AccessToken, ExchangeError> {
        self.0.exchange.token_with_claims(self.user()?, target, challenge).await
    }

    /// Drops a token that the downstream API refused, unless another has taken its place.
    pub fn invalidate(&self, target: &Target, spent: &AccessToken) {
        if let Some(user) = &self.0.user {
            self.0.exchange.invalidate(user, target, spent);
        }
    }

    /// Answers this request with the error's rejection, in place of what the handler returns.
    ///
    /// Explicit, because a handler may well cope with an error. It has an effect until the handler's response is returned;
    /// a response that streams has been by the time its body fails. The first error that is raised stays. A challenge is
    /// given once for each token: a client that comes back with the same one gets what the handler returns.
    pub fn raise(&self, error: &ExchangeError) -> Raised {
        self.raise_rejection(error.rejection())
    }

    /// Answers this request with a rejection, as [`raise`](Self::raise) does with an error's.
    pub fn raise_rejection(&self, why: Rejection) -> Raised {
        let mut answer = self.answer();
        if !matches!(*answer, Answer::Handlers) || !self.may_challenge(&why) {
            return Raised::No;
        }
        *answer = Answer::Raised(why);
        Raised::Yes
    }

    /// Tells whether the caller may be given this rejection; what is no challenge may always be given.
    pub(crate) fn may_challenge(&self, why: &Rejection) -> bool {
        self.challenged(why).is_none_or(|user| self.0.exchange.challenges().may_answer(user, why, self.0.arrived))
    }

    /// Counts a challenge that goes out now. One that was only raised may still be lost with its request, and a client that
    /// never heard it must hear it next time.
    pub(crate) fn note_challenge(&self, why: &Rejection) {
        if let Some(user) = self.challenged(why) {
            self.0.exchange.challenges().note(user, why);
        }
    }

    /// Returns what the request is answered with in place of the handler's response, whose head leaves now.
    pub(crate) fn take_raised(&self) -> Option<Rejection> {
        let Answer::Raised(why) = std::mem::replace(&mut *self.answer(), Answer::Left) else { return None };
        self.note_challenge(&why);
        Some(why)
    }

    /// Returns who is asked to sign in, if anybody is.
    fn challenged(&self, why: &Rejection) -> Option<&VerifiedToken> {
        let asks_for_sign_in = matches!(why, Rejection::StepUp { .. } | Rejection::Token(_));
        self.0.user.as_ref().filter(|_| asks_for_sign_in)
    }

    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.0.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn user(&self) -> Result<&VerifiedToken, ExchangeError> {
        self.0.user.as_ref().ok_or(ExchangeErrorKind::NoUser.into())
    }
}

impl TokenSource for OnBehalfOf {
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(Self::token(self, target))
    }

    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(Self::token_with_claims(self, target, challenge))
    }

    fn invalidate(&self, target: &Target, spent: &AccessToken) {
        Self::invalidate(self, target, spent);
    }
}

/// As an argument of an axum handler.
#[cfg(feature = "axum")]
impl<S: Sync> axum_core::extract::FromRequestParts<S> for OnBehalfOf {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Rejection> {
        Self::from_extensions(&parts.extensions).cloned()
    }
}
