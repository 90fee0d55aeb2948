//! Whoever can get tokens of downstream APIs, for one identity.

use std::fmt;

use crate::{access_token::AccessToken, boxed::BoxFuture, error::ExchangeError, target::Target};

/// An identity that downstream APIs are called as: a user, by [`OnBehalfOf`](crate::OnBehalfOf), or this service itself.
///
/// Object-safe, so that a caller of downstream APIs is written once for all of them. A source that cannot renew its token
/// returns it again; nobody sends it twice.
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// Returns a token of `target`: one from before that is still good, or a new one.
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>>;

    /// Returns a token that satisfies a downstream API's claims challenge, always a new one.
    ///
    /// `challenge` is the value of `claims` as in the `WWW-Authenticate` header, or JSON.
    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>>;

    /// Drops a token that the downstream API refused, unless another has taken its place.
    fn invalidate(&self, target: &Target, spent: &AccessToken);
}
