//! The members of the tenant, each with the trouble that its name says.

use serde::Serialize;

use crate::tenant::TENANT_DOMAIN;

/// A member of the tenant.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// The name to sign in with.
    pub name: &'static str,
    pub(crate) display: &'static str,
    pub(crate) oid: &'static str,
    /// Whether Message Center Reader is assigned.
    pub(crate) reader: bool,
    /// What Entra holds against an exchange for this user.
    #[serde(skip)]
    pub(crate) condition: Condition,
}

/// What stands in the way of a user's exchanges or calls, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    None,
    /// Neither the user nor an administrator consented to Graph.
    NoConsent,
    /// Conditional Access asks for MFA; Entra says so by one of two `error`s.
    Mfa(&'static str),
    /// Conditional Access blocks.
    Blocked,
    Throttled,
    Unavailable,
    Slow,
    /// The account was disabled after the sign-in.
    Disabled,
    /// Graph asks for a new evaluation of the session's claims.
    Cae,
}

const fn user(
    name: &'static str,
    display: &'static str,
    oid: &'static str,
    reader: bool,
    condition: Condition,
) -> User {
    User { name, display, oid, reader, condition }
}

/// The users, each with the trouble that its name says.
pub const USERS: [User; 13] = [
    user("alice", "Alice Reader", "a1a1a1a1-0000-4000-8000-000000000001", true, Condition::None),
    user("bob", "Bob Reader", "a1a1a1a1-0000-4000-8000-000000000002", true, Condition::None),
    user("norole", "Nora Norole", "a1a1a1a1-0000-4000-8000-000000000003", false, Condition::None),
    user("noconsent", "Noah Noconsent", "a1a1a1a1-0000-4000-8000-000000000004", true, Condition::NoConsent),
    user("mfa", "Mia Mfa", "a1a1a1a1-0000-4000-8000-000000000005", true, Condition::Mfa("invalid_grant")),
    user("mfa2", "Milo Mfa", "a1a1a1a1-0000-4000-8000-000000000006", true, Condition::Mfa("interaction_required")),
    user("blocked", "Bea Blocked", "a1a1a1a1-0000-4000-8000-000000000007", true, Condition::Blocked),
    user("throttled", "Theo Throttled", "a1a1a1a1-0000-4000-8000-000000000008", true, Condition::Throttled),
    user("flaky", "Flo Flaky", "a1a1a1a1-0000-4000-8000-000000000009", true, Condition::Unavailable),
    user("slow", "Sol Slow", "a1a1a1a1-0000-4000-8000-00000000000a", true, Condition::Slow),
    user("disabled", "Dan Disabled", "a1a1a1a1-0000-4000-8000-00000000000b", true, Condition::Disabled),
    user("cae", "Cleo Cae", "a1a1a1a1-0000-4000-8000-00000000000c", true, Condition::Cae),
    user("carol", "Carol Reader", "a1a1a1a1-0000-4000-8000-00000000000d", true, Condition::None),
];

impl User {
    pub(crate) fn upn(&self) -> String {
        format!("{}@{TENANT_DOMAIN}", self.name)
    }

    /// Finds a user by name, UPN or object id.
    pub(crate) fn find(hint: &str) -> Option<&'static Self> {
        static ALL: [User; 13] = USERS;
        ALL.iter().find(|user| {
            user.name.eq_ignore_ascii_case(hint) || user.upn().eq_ignore_ascii_case(hint) || user.oid == hint
        })
    }
}
