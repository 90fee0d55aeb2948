//! What makes two requests for a token the same.

use mcp_auth_layer::{TokenDigest, principal::UserId, tenant::TenantId};

use crate::{
    grant::ClaimsRequest,
    target::{Target, TargetId},
};

/// The place of a token: whose assertion, and for what.
///
/// Authority and client are not in it because a cache belongs to one exchange, and claims are not because a token that was
/// got with a claims request takes the place of the one that provoked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntryKey {
    assertion: TokenDigest,
    target: TargetId,
}

impl EntryKey {
    pub(crate) fn new(assertion: TokenDigest, target: &Target) -> Self {
        Self { assertion, target: target.id() }
    }
}

/// A request to Entra that several callers may wait for.
///
/// The epoch is in it so that nobody who comes after `forget_user` joins a request from before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) entry: EntryKey,
    pub(crate) claims: Option<ClaimsRequest>,
    pub(crate) epoch: u64,
}

/// What a user is throttled for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct UserKey {
    user: UserId,
    target: TargetId,
}

impl UserKey {
    pub(crate) fn new(user: &UserId, target: &Target) -> Self {
        Self { user: user.clone(), target: target.id() }
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        self.user.tenant()
    }
}
