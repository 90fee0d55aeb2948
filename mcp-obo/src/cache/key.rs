//! What makes two requests for a token the same.

use mcp_auth_layer::{TokenDigest, principal::UserId, tenant::TenantId};

use crate::{
    target::{Target, TargetId, TargetMark},
    www_authenticate::ClaimsRequest,
};

/// The place of a token: whose assertion, and for what.
///
/// Authority and client are not in it because a cache belongs to one exchange, and claims are not because a token that was
/// got with a claims request takes the place of the one that provoked it. Both parts stand in it whole, side by side, so two
/// keys are equal exactly when both parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EntryKey {
    assertion: TokenDigest,
    target: TargetMark,
}

impl EntryKey {
    pub(crate) fn new(assertion: TokenDigest, target: &Target) -> Self {
        Self { assertion, target: target.mark() }
    }
}

/// A request to Entra that several callers may wait for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) entry: EntryKey,
    pub(crate) claims: Option<ClaimsRequest>,
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

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use mcp_auth_layer::{danger::assume_verified, token::BearerToken};
    use proptest::prelude::*;

    use super::*;
    use crate::cache::hasher::OwnBytes;

    /// Whose token, for what, with which challenge.
    #[derive(Clone, Debug, PartialEq)]
    struct Wish {
        oid: String,
        signature: String,
        resource: String,
        scope: String,
        claims: Option<String>,
    }

    impl Wish {
        fn key(&self) -> FlightKey {
            let claims = format!(
                r#"{{"iss":"https://login.microsoftonline.com/8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11/v2.0","aud":"a","ver":"2.0",
                "tid":"8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11","oid":"{}","sub":"s","scp":"x","iat":1,"nbf":1,"exp":4000000000}}"#,
                self.oid
            );
            let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT","kid":"k"}"#);
            let token =
                format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(claims), URL_SAFE_NO_PAD.encode(&self.signature));
            let token = assume_verified(BearerToken::new(&token)).unwrap();
            let target = Target::new(&format!("api://{}", self.resource), &[&self.scope]).unwrap();
            let claims = self.claims.as_ref().map(|name| ClaimsRequest::read(&format!(r#"{{"{name}":1}}"#)).unwrap());
            FlightKey { entry: EntryKey::new(token.digest(), &target), claims }
        }
    }

    fn wish() -> impl Strategy<Value = Wish> {
        // Few letters and short texts, so that parts are often the same, or the same in another place.
        let word = || "[ab]{1,3}";
        (word(), word(), word(), word(), proptest::option::of(word()))
            .prop_map(|(oid, signature, resource, scope, claims)| Wish { oid, signature, resource, scope, claims })
    }

    proptest! {
        #[test]
        fn any_single_differing_input_gives_another_place(one in wish(), other in wish()) {
            prop_assert_eq!(one.key() == other.key(), one == other);
            let same_place = Wish { claims: None, ..one.clone() } == Wish { claims: None, ..other.clone() };
            prop_assert_eq!(one.key().entry == other.key().entry, same_place);
            let hash = |wish: &Wish| OwnBytes::default().hash_one(wish.key().entry);
            prop_assert_eq!(hash(&one) == hash(&other), same_place);
        }

        #[test]
        fn a_change_of_one_part_gives_another_place(one in wish(), part in 0_usize..5, more in "[ab]{1,2}") {
            let mut other = one.clone();
            match part {
                0 => other.oid += &more,
                1 => other.signature += &more,
                2 => other.resource += &more,
                3 => other.scope += &more,
                _ => other.claims = Some(other.claims.unwrap_or_default() + &more),
            }
            prop_assert_ne!(one.key(), other.key());
        }
    }
}
