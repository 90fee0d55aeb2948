//! What makes two requests for a token the same.

use mcp_auth_layer::{TokenDigest, principal::UserId, tenant::TenantId};

use crate::{
    target::{Target, TargetId},
    www_authenticate::ClaimsRequest,
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

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use mcp_auth_layer::{danger::assume_verified, token::BearerToken};
    use proptest::prelude::*;

    use super::*;

    /// Whose token, for what, with which challenge, in which epoch.
    #[derive(Clone, Debug, PartialEq)]
    struct Wish {
        oid: String,
        signature: String,
        resource: String,
        scope: String,
        claims: Option<String>,
        epoch: u64,
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
            FlightKey { entry: EntryKey::new(token.digest(), &target), claims, epoch: self.epoch }
        }
    }

    fn wish() -> impl Strategy<Value = Wish> {
        // Few letters and short texts, so that parts are often the same, or the same in another place.
        let word = || "[ab]{1,3}";
        (word(), word(), word(), word(), proptest::option::of(word()), 0_u64..3).prop_map(
            |(oid, signature, resource, scope, claims, epoch)| Wish { oid, signature, resource, scope, claims, epoch },
        )
    }

    proptest! {
        #[test]
        fn any_single_differing_input_gives_another_place(one in wish(), other in wish()) {
            prop_assert_eq!(one.key() == other.key(), one == other);
            let same_place = Wish { claims: None, epoch: 0, ..one.clone() } == Wish { claims: None, epoch: 0, ..other.clone() };
            prop_assert_eq!(one.key().entry == other.key().entry, same_place);
        }

        #[test]
        fn a_change_of_one_part_gives_another_place(one in wish(), part in 0_usize..6, more in "[ab]{1,2}") {
            let mut other = one.clone();
            match part {
                0 => other.oid += &more,
                1 => other.signature += &more,
                2 => other.resource += &more,
                3 => other.scope += &more,
                4 => other.claims = Some(other.claims.unwrap_or_default() + &more),
                _ => other.epoch += 1,
            }
            prop_assert_ne!(one.key(), other.key());
        }
    }
}
