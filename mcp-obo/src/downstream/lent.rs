//! A token that somebody lends to this service, through an opened hatch.

use std::fmt;

use mcp_auth_layer::{bypass::Permit, clock::UnixTime};
use secrecy::SecretString;

use crate::{
    access_token::AccessToken, boxed::BoxFuture, error::ExchangeError, target::Target, token_source::TokenSource,
};

/// The one token of a development hatch, sent as it is.
///
/// It is neither exchanged nor renewed. It takes the hatch's permit to make one, so a caller's own token cannot slip downstream
/// where no hatch is open. Give it to one [`Downstream`](super::Downstream) only: it goes to whatever API it is used for.
pub struct LentToken(AccessToken);

impl LentToken {
    /// Takes the token that the open hatch lends.
    ///
    /// The use is the caller's to [record](Permit::record_use).
    #[must_use]
    pub fn new(_: &Permit, token: SecretString) -> Self {
        // When it ends is for the API to say.
        Self(AccessToken::new(token, UnixTime::from_secs(u64::MAX)))
    }
}

impl TokenSource for LentToken {
    fn token<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        _: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        self.token(target)
    }

    fn invalidate(&self, _: &Target, _: &AccessToken) {}
}

impl fmt::Debug for LentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LentToken(..)")
    }
}
