//! `POST /revoke`: a client ends its session (RFC 7009).
//!
//! What ends is the session: every refresh token of it, whichever the client sent. Access tokens are Entra's, and last as long
//! as it says.

use mcp_auth_layer::{clock::UnixTime, reject::Rejection, token::BearerToken};

use super::{
    client::ClientDigest,
    error::{OAuthCode, OAuthError},
    ledger::Fault,
    parameters::Parameters,
    session::Session,
    token::Tokens,
};
use crate::audit::Revoked;

impl Tokens {
    /// Ends the session of a client that has proved itself.
    ///
    /// `token_type_hint` is not looked at, as section 2.1 allows: a token tells by itself what it is.
    pub(super) async fn revoke(&self, client: &ClientDigest, parameters: &Parameters) -> Result<(), OAuthError> {
        let text =
            parameters.get("token").ok_or_else(|| OAuthError::new(OAuthCode::InvalidRequest, "token is missing"))?;
        let Some(session) = Session::read(&self.ring, text) else { return self.unknown(text).await };
        // Section 2.1 has the client told, and section 5.2 of RFC 6749 has the word for it. A thief learns nothing of use: who
        // knows whose token it is, which is public where clients have no secret, can as well try to refresh with it.
        if session.client != *client {
            return Err(OAuthError::new(OAuthCode::InvalidGrant, "the token is another client's"));
        }
        self.ledger.end(&session.family, UnixTime::from_secs(session.ends)).await.map_err(Fault::from)?;
        session.event().revoked(Revoked::Asked);
        Ok(())
    }

    /// Section 2.2: a token that is none is no error, for the client has what it wants.
    ///
    /// Section 2.2.1: one that goes on being good although the client wanted it to end is.
    async fn unknown(&self, text: &str) -> Result<(), OAuthError> {
        match self.verifier.verify(BearerToken::new(text)).await {
            Ok(_) => Err(OAuthError::new(
                OAuthCode::UnsupportedTokenType,
                "access tokens end by themselves; revoke the refresh token",
            )),
            Err(Rejection::Unavailable { retry_after }) => Err(OAuthError {
                retry_after: Some(retry_after),
                ..OAuthError::new(OAuthCode::TemporarilyUnavailable, "nobody can say now what the token is; try again")
            }),
            Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
