//! Who acted in a call, read from the token that the service refused.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use uuid::Uuid;

/// Who acted, for command lines. It was read without any check, and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The object id, by which roles are assigned.
    pub(crate) object_id: String,
    /// The tenant.
    pub(crate) tenant: Option<String>,
    pub(crate) kind: PrincipalKind,
}

/// What the object id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    User,
    ServicePrincipal,
}

impl Principal {
    /// Reads a token; none where it is none that can be read, which Entra allows.
    pub(crate) fn of_token(token: &str) -> Option<Self> {
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        let guid = |name: &str| {
            claims[name].as_str().filter(|id| id.len() == 36 && Uuid::try_parse(id).is_ok()).map(str::to_owned)
        };
        // Delegated tokens have scopes, an application's own have none.
        let kind = match (claims["idtyp"].as_str(), claims["scp"].is_string()) {
            (Some("app"), _) | (None, false) => PrincipalKind::ServicePrincipal,
            _ => PrincipalKind::User,
        };
        Some(Self { object_id: guid("oid")?, tenant: guid("tid"), kind })
    }
}

impl PrincipalKind {
    /// Returns the word that `az` has for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::ServicePrincipal => "ServicePrincipal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acted_stands_in_the_token() {
        let oid = "a1a1a1a1-0000-4000-8000-000000000001";
        for (name, claims, expected) in [
            ("a user", format!(r#"{{"oid":"{oid}","scp":"user_impersonation"}}"#), Some(PrincipalKind::User)),
            ("an application", format!(r#"{{"oid":"{oid}","roles":["x"]}}"#), Some(PrincipalKind::ServicePrincipal)),
            ("it says so itself", format!(r#"{{"oid":"{oid}","idtyp":"app"}}"#), Some(PrincipalKind::ServicePrincipal)),
            ("a user, it says so", format!(r#"{{"oid":"{oid}","idtyp":"user"}}"#), Some(PrincipalKind::User)),
            ("an id that is none", r#"{"oid":"$(rm)"}"#.to_owned(), None),
            ("no id", "{}".to_owned(), None),
            ("no JSON", "x".to_owned(), None),
        ] {
            let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
            let principal = Principal::of_token(&token);
            assert_eq!(principal.as_ref().map(|it| it.kind), expected, "{name}");
            assert!(principal.is_none_or(|it| it.object_id == oid), "{name}");
        }
        assert_eq!(Principal::of_token("opaque"), None);
    }
}
