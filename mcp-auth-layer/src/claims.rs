//! The one claims type: typed Entra fields of v1 and v2 tokens, the rest by name.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use serde_json::Value;

use crate::{clock::UnixTime, present::present, reject::TokenFault, scope::ScopeSet, tenant::TenantId};

/// The claims of an access token.
///
/// Which of them may decide what: `oid` with `tid` identify a user; `upn`, `email` and `preferred_username` are texts that
/// can be changed and reused, so they have no accessor of their own.
#[derive(Clone, PartialEq)]
pub struct Claims {
    fixed: Fixed,
    tenant: Option<TenantId>,
}

/// Deserialised by name, so that a member that stands twice is an error and not "the last one wins".
#[derive(Clone, PartialEq, Deserialize)]
struct Fixed {
    iss: String,
    aud: OneOrMany,
    exp: u64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    sub: Option<String>,
    #[serde(default, deserialize_with = "present")]
    tid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    oid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    scp: Option<OneOrMany>,
    #[serde(default, deserialize_with = "present")]
    roles: Option<OneOrMany>,
    #[serde(default, deserialize_with = "present")]
    azp: Option<String>,
    #[serde(default, deserialize_with = "present")]
    appid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    idtyp: Option<String>,
    #[serde(default, deserialize_with = "present")]
    uti: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// As `aud` in RFC 7519 section 4.1.3: one string or a list of strings, nothing nested.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// How the `scp` claim is written: Entra writes a text, others a list, RFC 9068 knows no `scp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeForm {
    None,
    Text,
    List,
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl Claims {
    /// Parses a token's payload.
    ///
    /// Dates must be whole numbers and `iss` one string: the looser forms of RFC 7519 are never issued by Entra, and a
    /// parser that reads them differently from its neighbour is a hole.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, TokenFault> {
        let fixed: Fixed = serde_json::from_slice(payload).map_err(|_| TokenFault::Malformed)?;
        let tenant = fixed.tid.as_deref().and_then(|tid| TenantId::parse(tid).ok());
        Ok(Self { fixed, tenant })
    }

    /// Returns `iss`, the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.fixed.iss
    }

    /// Returns the values of `aud`.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.fixed.aud.as_slice().iter().map(String::as_str)
    }

    /// Returns `exp`, the time from which the token is no longer valid.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        UnixTime::from_secs(self.fixed.exp)
    }

    /// Returns `nbf`, the time before which the token is not yet valid.
    #[must_use]
    pub fn not_before(&self) -> Option<UnixTime> {
        self.fixed.nbf.map(UnixTime::from_secs)
    }

    /// Returns `iat`, the time of issue.
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.fixed.iat.map(UnixTime::from_secs)
    }

    /// Returns `sub`, which Entra makes different for every app.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.fixed.sub.as_deref()
    }

    /// Returns `tid`, the tenant that issued the token, when it is a GUID.
    #[must_use]
    pub const fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// Returns `oid`, the user's or service principal's object id in that tenant.
    #[must_use]
    pub fn object_id(&self) -> Option<&str> {
        self.fixed.oid.as_deref()
    }

    /// Returns the client that asked for the token.
    ///
    /// Entra writes `azp` (v2) or `appid` (v1), RFC 9068 `client_id`, Okta `cid`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        let entra = self.fixed.azp.as_deref().or(self.fixed.appid.as_deref());
        entra.or_else(|| self.text("client_id")).or_else(|| self.text("cid"))
    }

    /// Returns the delegated scopes; none in ID tokens and in Entra's app-only tokens.
    ///
    /// Entra writes them into `scp`, as one text; RFC 9068 into `scope`; Okta into `scp`, as a list.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        match &self.fixed.scp {
            Some(OneOrMany::One(text)) => ScopeSet::from_claim(text),
            Some(OneOrMany::Many(names)) => ScopeSet::from_names(names),
            None => self.text("scope").map(ScopeSet::from_claim).unwrap_or_default(),
        }
    }

    /// Tells how `scp` is written.
    pub(crate) const fn scope_form(&self) -> ScopeForm {
        match self.fixed.scp {
            None => ScopeForm::None,
            Some(OneOrMany::One(_)) => ScopeForm::Text,
            Some(OneOrMany::Many(_)) => ScopeForm::List,
        }
    }

    /// Returns `roles`, the app roles.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        self.fixed.roles.as_ref().map(OneOrMany::as_slice).unwrap_or_default()
    }

    /// Returns `uti`, Entra's identifier of this token, safe to log and to search sign-in logs for.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.fixed.uti.as_deref()
    }

    /// Returns any other claim by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fixed.rest.get(name)
    }

    /// Returns any other claim that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Returns the texts of any other claim that is a text or a list of texts.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let value = self.get(name);
        let many = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        value.and_then(Value::as_str).into_iter().chain(many.iter().filter_map(Value::as_str))
    }

    pub(crate) fn id_type(&self) -> Option<&str> {
        self.fixed.idtyp.as_deref()
    }
}

/// Prints who and for what, never the personal texts.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("tid", &self.fixed.tid)
            .field("oid", &self.fixed.oid)
            .field("azp", &self.client_id())
            .field("uti", &self.fixed.uti)
            .field("exp", &self.fixed.exp)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_types_and_repeated_members_do_not_parse() {
        for (name, payload) in [
            ("no exp", r#"{"iss":"i","aud":"a"}"#),
            ("no aud", r#"{"iss":"i","exp":1}"#),
            ("no iss", r#"{"aud":"a","exp":1}"#),
            ("iss list", r#"{"iss":["i"],"aud":"a","exp":1}"#),
            ("aud number", r#"{"iss":"i","aud":1,"exp":1}"#),
            ("aud null", r#"{"iss":"i","aud":null,"exp":1}"#),
            ("aud nested", r#"{"iss":"i","aud":[["a"]],"exp":1}"#),
            ("exp text", r#"{"iss":"i","aud":"a","exp":"1"}"#),
            ("exp fraction", r#"{"iss":"i","aud":"a","exp":1.5}"#),
            ("exp negative", r#"{"iss":"i","aud":"a","exp":-1}"#),
            ("exp too large", r#"{"iss":"i","aud":"a","exp":18446744073709551616}"#),
            ("nbf text", r#"{"iss":"i","aud":"a","exp":1,"nbf":"1"}"#),
            ("nbf null", r#"{"iss":"i","aud":"a","exp":1,"nbf":null}"#),
            ("idtyp null", r#"{"iss":"i","aud":"a","exp":1,"idtyp":null}"#),
            ("scp null", r#"{"iss":"i","aud":"a","exp":1,"scp":null}"#),
            ("scp number", r#"{"iss":"i","aud":"a","exp":1,"scp":7}"#),
            ("roles nested", r#"{"iss":"i","aud":"a","exp":1,"roles":[["a"]]}"#),
            ("exp twice", r#"{"iss":"i","aud":"a","exp":1,"exp":2}"#),
            ("tid twice", r#"{"iss":"i","aud":"a","exp":1,"tid":"a","tid":"b"}"#),
            ("scp twice", r#"{"iss":"i","aud":"a","exp":1,"scp":"a","scp":"b"}"#),
            ("trailing data", r#"{"iss":"i","aud":"a","exp":1}{}"#),
            ("not an object", r#"["i"]"#),
        ] {
            assert!(Claims::parse(payload.as_bytes()).is_err(), "{name}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "[".repeat(8_000) + &"]".repeat(8_000);
        let payload = format!(r#"{{"iss":"i","aud":"a","exp":1,"x":{deep}}}"#);
        assert!(Claims::parse(payload.as_bytes()).is_err());
    }

    #[test]
    fn a_claim_is_read_by_its_name_and_type() {
        let payload =
            r#"{"iss":"i","aud":"a","exp":1,"text":"t","list":["a",7,"b"],"number":7,"scope":"r w","cid":"okta"}"#;
        let claims = Claims::parse(payload.as_bytes()).unwrap();
        assert_eq!((claims.text("text"), claims.text("list"), claims.text("number")), (Some("t"), None, None));
        for (name, expected) in [("text", &["t"][..]), ("list", &["a", "b"]), ("number", &[]), ("none", &[])] {
            assert_eq!(claims.texts(name).collect::<Vec<_>>(), expected, "{name}");
        }
        assert_eq!((claims.scopes().to_string(), claims.client_id()), ("r w".to_owned(), Some("okta")));
        assert_eq!((claims.scope_form(), claims.roles().len()), (ScopeForm::None, 0));
    }
}
