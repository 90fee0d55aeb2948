//! Whoever can get tokens of downstream APIs, for one identity.

use std::fmt;

use crate::{access_token::AccessToken, boxed::BoxFuture, error::ExchangeError, target::Target};

/// An identity that downstream APIs are called as.
///
/// It is a user, by [`OnBehalfOf`](crate::OnBehalfOf), or this service itself, by [`HostingIdentity`](crate::HostingIdentity).
/// Object-safe, so that a caller of downstream APIs is written once for all of them. A source that cannot renew its token
/// returns it again; nobody sends it twice. One of your own can choose among others and count what they do: only the sources of
/// this crate make an [`AccessToken`].
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// Returns a token of `target`: one from before that is still good, or a new one.
    ///
    /// # Errors
    /// [`ExchangeError`] when there is none.
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>>;

    /// Returns a token that satisfies a downstream API's claims challenge, always a new one.
    ///
    /// `challenge` is the value of `claims` as in the `WWW-Authenticate` header, or JSON.
    ///
    /// # Errors
    /// [`ExchangeError`]; mostly [`StepUp`](crate::ExchangeErrorKind::StepUp), which the user must satisfy.
    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>>;

    /// Drops a token that the downstream API refused, unless another has taken its place.
    fn invalidate(&self, target: &Target, spent: &AccessToken);
}
