//! Under which names things lie in the store.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

/// Begins every name; another layout gets another number, and neither version sees the other's values.
const PREFIX: &str = "mcp-obo:1:";

/// Everything that makes two requests for a token the same, in every process.
#[derive(Clone, Copy)]
pub struct KeyParts<'a> {
    /// The token endpoint, or the authority: a cloud's tokens are of no use in another.
    pub authority: &'a str,
    /// The tenant whose token it is.
    pub tenant: &'a str,
    /// The client that exchanges.
    pub client_id: &'a str,
    /// The caller's token, whole: its next one may have other claims.
    pub assertion: &'a str,
    /// The target's scopes, as they are sent.
    pub scope: &'a str,
    /// The declared client capabilities, in any order.
    pub capabilities: &'a [Box<str>],
}

/// The digest of a request for a token, the same in every replica.
///
/// SHA-256 over all parts, each with its length in front. The assertion's signature is among them, so nobody can compute the
/// key who does not have the token, and nobody can read the token from the key. Printing it shows nothing: who holds logs
/// and store should not be able to join them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SharedKey([u8; 32]);

impl SharedKey {
    /// Digests the parts.
    #[must_use]
    pub fn new(parts: &KeyParts<'_>) -> Self {
        let mut capabilities: Vec<&str> = parts.capabilities.iter().map(AsRef::as_ref).collect();
        capabilities.sort_unstable();
        let mut digest = Context::new(&SHA256);
        let fixed = [parts.authority, parts.tenant, parts.client_id, parts.assertion, parts.scope];
        for part in fixed.into_iter().chain(capabilities) {
            // With the length in front, and the list last, no two lists of parts make the same text.
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        Self(digest.finish().as_ref().try_into().expect("a SHA-256 digest has 32 bytes"))
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the token's entry.
    pub(super) fn entry(&self) -> String {
        name('t', &self.0)
    }

    /// The name of the lease of the replica that exchanges.
    pub(super) fn lease(&self) -> String {
        name('l', &self.0)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(..)")
    }
}

impl fmt::Debug for KeyParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyParts").finish_non_exhaustive()
    }
}

/// The name of a user's mark.
pub(super) fn mark(digest: &[u8; 32]) -> String {
    name('u', digest)
}

/// The name of what lies in the store, by its kind and a digest.
pub(crate) fn name(kind: char, digest: &[u8; 32]) -> String {
    use fmt::Write as _;
    let mut name = format!("{PREFIX}{kind}:");
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The fixed parts, then the capabilities.
    fn key(parts: &[String]) -> SharedKey {
        let [authority, tenant, client_id, assertion, scope, capabilities @ ..] = parts else { unreachable!() };
        let mut capabilities: Vec<Box<str>> = capabilities.iter().map(|one| one.as_str().into()).collect();
        capabilities.sort_unstable();
        SharedKey::new(&KeyParts { authority, tenant, client_id, assertion, scope, capabilities: &capabilities })
    }

    #[test]
    fn names_have_the_version_the_kind_and_the_digest() {
        let key = SharedKey([0xa5; 32]);
        let digest = "a5".repeat(32);
        assert_eq!(key.entry(), format!("mcp-obo:1:t:{digest}"));
        assert_eq!(key.lease(), format!("mcp-obo:1:l:{digest}"));
        assert_eq!(mark(&key.0), format!("mcp-obo:1:u:{digest}"));
        assert_eq!(format!("{key:?}"), "SharedKey(..)");
    }

    #[test]
    fn the_key_is_the_same_in_every_version_that_shares_the_prefix() {
        let parts = ["https://login.example/token", "tenant", "client", "a.b.c", "api://x/.default", "cp1"];
        let key = key(&parts.map(str::to_owned));
        // Computed by Python's hashlib over the same parts.
        assert_eq!(key.entry(), "mcp-obo:1:t:de65c94e40d72bcffa7a838cb32ea4a0bdf3e6217f3d0b2b3d8e62302d0fcb36");
    }

    #[test]
    fn capabilities_are_a_set_of_words() {
        let with = |capabilities: &[&str]| {
            let capabilities: Vec<Box<str>> = capabilities.iter().map(|one| (*one).into()).collect();
            let capabilities = &capabilities;
            SharedKey::new(&KeyParts {
                authority: "",
                tenant: "",
                client_id: "",
                assertion: "",
                scope: "",
                capabilities,
            })
        };
        assert_eq!(with(&["cp1", "cp2"]), with(&["cp2", "cp1"]));
        for other in [&[][..], &["cp1"], &["cp1cp2"], &["cp1", "cp2", ""], &["cp1 ", "cp2"]] {
            assert_ne!(with(&["cp1", "cp2"]), with(other), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn any_single_difference_makes_another_key(
            parts in proptest::collection::vec("[a-c]{0,4}", 5..8),
            which in any::<prop::sample::Index>(),
            other in "[a-c]{0,4}",
        ) {
            let mut changed = parts.clone();
            let which = which.index(parts.len());
            changed[which] = other;
            prop_assert_eq!(parts[which] == changed[which], key(&parts) == key(&changed));
        }

        #[test]
        fn text_that_moves_to_a_neighbour_makes_another_key(
            parts in proptest::collection::vec("[a-c]{1,4}", 5..6),
            which in 0_usize..4,
            moved in 1_usize..4,
        ) {
            let mut shifted = parts.clone();
            let at = parts[which].len().saturating_sub(moved);
            let tail = shifted[which].split_off(at);
            shifted[which + 1].insert_str(0, &tail);
            prop_assert_ne!(key(&parts), key(&shifted));
        }

        #[test]
        fn two_parts_that_change_places_make_another_key(
            parts in proptest::collection::vec("[a-c]{0,3}", 5..6),
            one in 0_usize..5,
            other in 0_usize..5,
        ) {
            let mut swapped = parts.clone();
            swapped.swap(one, other);
            prop_assert_eq!(parts == swapped, key(&parts) == key(&swapped));
        }
    }
}
