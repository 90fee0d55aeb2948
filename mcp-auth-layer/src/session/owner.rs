//! Who a session belongs to.

use crate::{
    bearer::Caller,
    digest::TokenDigest,
    principal::{Principal, UserId},
    tenant::TenantId,
    token::VerifiedToken,
};

/// The caller who opened a session, without anything that changes when a token is refreshed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    User { user: UserId, client: Option<Box<str>> },
    App { tenant: TenantId, object: Option<Box<str>>, client: Option<Box<str>> },
    Subject { issuer: Box<str>, subject: Box<str>, client: Option<Box<str>> },
    Client { issuer: Box<str>, subject: Box<str> },
    Nobody,
    // Nothing of it was verified, so nothing but its bytes tells one holder from another.
    Unverified(TokenDigest),
}

impl Owner {
    /// Names the caller of a request.
    pub(super) fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Verified(token) => Self::of_token(token),
            Caller::Anonymous(_) => Self::Nobody,
            Caller::Foreign(foreign) => Self::Unverified(TokenDigest::of(foreign.bearer().expose_secret().as_bytes())),
        }
    }

    fn of_token(token: &VerifiedToken) -> Self {
        let claims = token.claims();
        let client = claims.client_id().map(Box::from);
        match token.principal() {
            Principal::User { user, scopes: _ } => Self::User { user: user.clone(), client },
            Principal::App { tenant, roles: _ } => {
                Self::App { tenant: tenant.clone(), object: claims.object_id().map(Box::from), client }
            }
            Principal::Subject { issuer, subject, scopes: _ } => {
                Self::Subject { issuer: issuer.clone(), subject: subject.clone(), client }
            }
            Principal::Client { issuer, subject, scopes: _ } => {
                Self::Client { issuer: issuer.clone(), subject: subject.clone() }
            }
        }
    }
}
