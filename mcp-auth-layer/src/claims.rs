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
    aud: Audience,
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
    scp: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
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

/// RFC 7519 section 4.1.3: one string or a list of strings, nothing nested.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
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
        match &self.fixed.aud {
            Audience::One(one) => std::slice::from_ref(one).iter(),
            Audience::Many(many) => many.iter(),
        }
        .map(String::as_str)
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

    /// Returns the client that asked for the token: `azp` (v2) or `appid` (v1).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.fixed.azp.as_deref().or(self.fixed.appid.as_deref())
    }

    /// Returns `scp`, the delegated scopes; empty for app-only tokens and ID tokens.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.fixed.scp.as_deref().map(ScopeSet::from_claim).unwrap_or_default()
    }

    /// Returns `roles`, the app roles.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.fixed.roles
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

/// A user, unique across tenants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId {
    tenant: TenantId,
    object: Box<str>,
}

impl UserId {
    /// Names a user by the tenant and the object id (`oid`) in it.
    #[must_use]
    pub fn new(tenant: TenantId, object_id: &str) -> Self {
        Self { tenant, object: object_id.into() }
    }

    /// Returns the tenant.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Returns the object id.
    #[must_use]
    pub fn object_id(&self) -> &str {
        &self.object
    }
}

/// Who the token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Principal {
    /// A signed-in user, through a client that was granted these scopes.
    User {
        /// The user.
        user: UserId,
        /// The delegated scopes.
        scopes: ScopeSet,
    },
    /// An application by itself, with app roles and without a user.
    App {
        /// The tenant of the service principal.
        tenant: TenantId,
        /// The app roles.
        roles: Vec<String>,
    },
}

impl Principal {
    /// Classifies the claims; what is neither clearly a user's nor clearly an app's access token is refused.
    ///
    /// `idtyp` is optional and by default absent. Without it: `scp` means a user; no `scp`, but `roles` and `oid == sub`
    /// means an app; the rest, ID tokens above all, is nobody.
    pub(crate) fn of(claims: &Claims) -> Result<Self, TokenFault> {
        let tenant = claims.tenant().cloned().ok_or(TokenFault::WrongTenant)?;
        let scopes = claims.scopes();
        match (claims.id_type(), scopes.is_empty()) {
            (None | Some("user"), false) => {
                let object = claims.object_id().filter(|oid| !oid.is_empty());
                let user = UserId::new(tenant, object.ok_or(TokenFault::NotAnAccessToken)?);
                Ok(Self::User { user, scopes })
            }
            (Some("app"), true) => Ok(Self::app(tenant, claims)),
            (None, true) if is_app_only(claims) => Ok(Self::app(tenant, claims)),
            _ => Err(TokenFault::NotAnAccessToken),
        }
    }

    fn app(tenant: TenantId, claims: &Claims) -> Self {
        Self::App { tenant, roles: claims.roles().to_vec() }
    }
}

fn is_app_only(claims: &Claims) -> bool {
    !claims.roles().is_empty() && claims.object_id().is_some() && claims.object_id() == claims.subject()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TID: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";

    fn principal(more: Value) -> Result<Principal, TokenFault> {
        let mut claims = json!({"iss": "i", "aud": "a", "exp": 1, "tid": TID, "oid": "o", "sub": "s"});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        // `null` stands for "without".
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        Principal::of(&Claims::parse(claims.to_string().as_bytes())?)
    }

    #[test]
    fn principals_are_told_apart_with_and_without_idtyp() {
        for (name, claims, expected) in [
            ("delegated", json!({"scp": "a b"}), Some("user")),
            ("delegated, said", json!({"scp": "a", "idtyp": "user"}), Some("user")),
            ("delegated with roles", json!({"scp": "a", "roles": ["r"]}), Some("user")),
            ("app, said", json!({"idtyp": "app", "roles": ["r"]}), Some("app")),
            ("app by shape", json!({"roles": ["r"], "sub": "o"}), Some("app")),
            ("id token", json!({}), None),
            ("id token of a user with app roles", json!({"roles": ["r"]}), None),
            ("id token whose sub is its oid", json!({"sub": "o"}), None),
            ("roles of nobody", json!({"roles": ["r"], "oid": null, "sub": null}), None),
            ("blank object id", json!({"scp": "a", "oid": ""}), None),
            ("app claiming scopes", json!({"idtyp": "app", "scp": "a"}), None),
            ("user without scopes", json!({"idtyp": "user"}), None),
            ("unknown kind", json!({"idtyp": "device", "scp": "a"}), None),
            ("blank scopes", json!({"scp": " "}), None),
            ("no object id", json!({"scp": "a", "oid": null}), None),
            ("no tenant", json!({"scp": "a", "tid": null}), None),
        ] {
            let got = principal(claims).ok().map(|who| match who {
                Principal::User { .. } => "user",
                Principal::App { .. } => "app",
            });
            assert_eq!(got, expected, "{name}");
        }
    }

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
            ("scp list", r#"{"iss":"i","aud":"a","exp":1,"scp":["a"]}"#),
            ("exp twice", r#"{"iss":"i","aud":"a","exp":1,"exp":2}"#),
            ("tid twice", r#"{"iss":"i","aud":"a","exp":1,"tid":"a","tid":"b"}"#),
            ("scp twice", r#"{"iss":"i","aud":"a","exp":1,"scp":"a","scp":"b"}"#),
            ("trailing data", r#"{"iss":"i","aud":"a","exp":1}{}"#),
            ("not an object", r#"["i"]"#),
        ] {
            assert!(Claims::parse(payload.as_bytes()).is_err(), "{name}");
        }
    }
}
