//! What the proxy answers, and at which paths.

use super::{
    consent,
    issuer::{CALLBACK, Issuer},
    metadata::{self, AUTHORIZE, Abilities, REGISTER, REVOKE, TOKEN},
};

/// The reference server's other spellings.
const AUTHORIZE_ALIAS: &str = "/oauth2/v2.0/authorize";
const TOKEN_ALIAS: &str = "/oauth2/v2.0/token";

/// One of the things that a [`Proxy`](super::Proxy) answers; several paths may lead to it.
///
/// Whoever mounts the proxy tells by it which rate limit a path gets: sign-ins, tokens and registrations cost work. What a
/// browser brings back costs little, but a program may send it for ever. Metadata costs next to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// The documents that clients read first (RFC 8414, OpenID Connect Discovery).
    Metadata,
    /// Where a sign-in begins (RFC 6749 section 3.1).
    Authorize,
    /// Where a person's answer arrives.
    Consent,
    /// Where a person has the browser forget earlier answers.
    Forget,
    /// Where Entra sends the browser back.
    Callback,
    /// Where codes and refresh tokens are redeemed (RFC 6749 section 3.2).
    Token,
    /// Where a client ends its session (RFC 7009); only with a store.
    Revoke,
    /// Where clients register themselves (RFC 7591).
    Register,
}

impl Endpoint {
    /// Returns every path with what it leads to, each path once.
    pub(super) fn all(issuer: &Issuer, abilities: Abilities) -> Vec<(Self, String)> {
        let own = [
            (Self::Authorize, AUTHORIZE),
            (Self::Authorize, AUTHORIZE_ALIAS),
            (Self::Consent, consent::PATH),
            (Self::Forget, consent::FORGET),
            (Self::Callback, CALLBACK),
            (Self::Token, TOKEN),
            (Self::Token, TOKEN_ALIAS),
            (Self::Register, REGISTER),
        ];
        let revoke = abilities.revokes.then_some((Self::Revoke, REVOKE));
        let metadata = metadata::paths(issuer).into_iter().map(|path| (Self::Metadata, path));
        let own = own.into_iter().chain(revoke).map(|(endpoint, path)| (endpoint, path.to_owned()));
        metadata.chain(own).collect()
    }

    /// Returns the methods that it answers, `OPTIONS` apart.
    pub(super) const fn methods(self) -> &'static str {
        match self {
            Self::Metadata => "GET, HEAD",
            Self::Authorize | Self::Callback => "GET",
            Self::Consent | Self::Token | Self::Revoke | Self::Register => "POST",
            Self::Forget => "GET, POST",
        }
    }

    /// Tells whether pages of every origin may ask: nothing there rests on cookies.
    pub(super) const fn is_for_all_origins(self) -> bool {
        matches!(self, Self::Metadata | Self::Token | Self::Revoke | Self::Register)
    }
}
