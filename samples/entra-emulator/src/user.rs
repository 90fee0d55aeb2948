//! The members of the tenant, each with the trouble that its name says.

use std::sync::{LazyLock, OnceLock};

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

/// How many people there are beside the named ones: `reader-0` to `reader-99999`, all of them without trouble.
const CROWD: usize = 100_000;

/// Object ids of the crowd begin so; the person's number follows, in hexadecimal.
const CROWD_OID: &str = "b1b1b1b1-0000-4000-8000-";

impl User {
    /// Finds a member of the crowd by the number that the name or the object id ends with.
    fn of_crowd(hint: &str) -> Option<&'static Self> {
        static ALL: LazyLock<Vec<OnceLock<User>>> = LazyLock::new(|| (0..CROWD).map(|_| OnceLock::new()).collect());
        let number = match hint.strip_prefix(CROWD_OID) {
            Some(digits) => usize::from_str_radix(digits, 16).ok()?,
            None => {
                let name = hint.split_once('@').map_or(Some(hint), |(name, at)| (at == TENANT_DOMAIN).then_some(name));
                name?.strip_prefix("reader-")?.parse().ok()?
            }
        };
        // Made once each, at most `CROWD` of them, so the texts may stay for ever.
        let made = || {
            let text = |text: String| -> &'static str { text.leak() };
            let (name, display) = (text(format!("reader-{number}")), text(format!("Reader {number}")));
            user(name, display, text(format!("{CROWD_OID}{number:012x}")), true, Condition::None)
        };
        ALL.get(number).map(|one| one.get_or_init(made))
    }

    pub(crate) fn upn(&self) -> String {
        format!("{}@{TENANT_DOMAIN}", self.name)
    }

    /// Finds a user by name, UPN or object id.
    pub(crate) fn find(hint: &str) -> Option<&'static Self> {
        static ALL: [User; 13] = USERS;
        let is_named = |user: &&Self| {
            user.name.eq_ignore_ascii_case(hint) || user.upn().eq_ignore_ascii_case(hint) || user.oid == hint
        };
        Self::of_crowd(hint).or_else(|| ALL.iter().find(is_named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_crowd_is_found_by_name_upn_and_object_id() {
        for number in [0, 17, CROWD - 1] {
            let name = format!("reader-{number}");
            let one = User::find(&name).unwrap();
            assert_eq!(one.name, name);
            assert!(one.reader && one.condition == Condition::None);
            for hint in [one.upn(), one.oid.to_owned()] {
                assert!(std::ptr::eq(User::find(&hint).unwrap(), one), "{hint}");
            }
        }
    }

    #[test]
    fn nobody_is_outside_the_crowd() {
        for hint in ["reader-", "reader-100000", "reader-x", "reader-1@elsewhere.example", "reader", CROWD_OID] {
            assert!(User::find(hint).is_none(), "{hint}");
        }
    }
}
