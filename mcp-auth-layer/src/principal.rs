//! Who a verified token speaks for.

use crate::{
    claims::{Claims, ScopeForm},
    reject::TokenFault,
    scope::{ScopeHierarchy, ScopeSet},
    tenant::{TenantId, is_guid},
};

/// A user, unique across tenants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId {
    tenant: TenantId,
    object: Box<str>,
}

impl UserId {
    /// Names a user by the tenant and the object id (`oid`) in it, a GUID in any case.
    #[must_use]
    pub fn new(tenant: TenantId, object_id: &str) -> Self {
        // Tools print GUIDs in either case. Two spellings that were two users would make "forget this user" forget nobody.
        let object = if is_guid(object_id) { object_id.to_ascii_lowercase().into() } else { object_id.into() };
        Self { tenant, object }
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
///
/// Scopes include those that a broader one implies, by the verifier's [`ScopeHierarchy`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Principal {
    /// A signed-in user of Entra, through a client that was granted these scopes.
    User {
        /// The user.
        user: UserId,
        /// The delegated scopes.
        scopes: ScopeSet,
    },
    /// An application of Entra by itself, with app roles and without a user.
    App {
        /// The tenant of the service principal.
        tenant: TenantId,
        /// The app roles.
        roles: Vec<String>,
    },
    /// A user of a plain OpenID Connect issuer.
    Subject {
        /// The issuer, without whose name the subject means nothing.
        issuer: Box<str>,
        /// The user, as that issuer names it (`sub`).
        subject: Box<str>,
        /// The granted scopes.
        scopes: ScopeSet,
    },
    /// A client of a plain OpenID Connect issuer by itself, without a user.
    Client {
        /// The issuer.
        issuer: Box<str>,
        /// The client, as that issuer names it (`sub`).
        subject: Box<str>,
        /// The granted scopes, which are such a client's rights.
        scopes: ScopeSet,
    },
}

impl Principal {
    /// Classifies Entra's claims; what is neither clearly a user's nor clearly an app's access token is refused.
    ///
    /// `idtyp` is optional and by default absent. Without it: `scp` means a user; no `scp`, but `roles` and `oid == sub`
    /// means an app; the rest, ID tokens above all, is nobody.
    pub(crate) fn of_entra(claims: &Claims, hierarchy: &ScopeHierarchy) -> Result<Self, TokenFault> {
        let tenant = claims.tenant().cloned().ok_or(TokenFault::WrongTenant)?;
        let scopes = match claims.scope_form() {
            ScopeForm::None => ScopeSet::default(),
            ScopeForm::Text => hierarchy.expand(claims.scopes()),
            // Nothing that Entra issues.
            ScopeForm::List => return Err(TokenFault::NotAnAccessToken),
        };
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

    /// Classifies the claims of a plain issuer's JWT access token (RFC 9068 section 2.2).
    ///
    /// Without a scope a token is refused: ID tokens, whose `aud` is the client, are told apart by nothing else. A subject
    /// that is the client means that nobody signed in (RFC 9068 section 2.2; Auth0 adds `@clients`). Keycloak's service
    /// accounts are subjects like any other, so they count as users.
    pub(crate) fn of_plain(claims: &Claims, hierarchy: &ScopeHierarchy) -> Result<Self, TokenFault> {
        let subject = claims.subject().filter(|sub| !sub.is_empty()).ok_or(TokenFault::NotAnAccessToken)?;
        let scopes = hierarchy.expand(claims.scopes());
        if scopes.is_empty() || claims.kind().is_another {
            return Err(TokenFault::NotAnAccessToken);
        }
        let by_itself = claims.kind().is_of_client
            || claims.client_id() == Some(subject.strip_suffix("@clients").unwrap_or(subject));
        let (issuer, subject) = (claims.issuer().into(), subject.into());
        Ok(match by_itself {
            true => Self::Client { issuer, subject, scopes },
            false => Self::Subject { issuer, subject, scopes },
        })
    }

    fn app(tenant: TenantId, claims: &Claims) -> Self {
        Self::App { tenant, roles: claims.roles().map(str::to_owned).collect() }
    }
}

fn is_app_only(claims: &Claims) -> bool {
    claims.roles().next().is_some() && claims.object_id().is_some() && claims.object_id() == claims.subject()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TID: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";

    fn with(more: Value) -> Value {
        let mut claims = json!({"iss": "i", "aud": "a", "exp": 1, "tid": TID, "oid": "o", "sub": "s"});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        // `null` stands for "without".
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    fn principal(more: Value) -> Result<Principal, TokenFault> {
        let claims = with(more);
        Principal::of_entra(&Claims::parse(claims.to_string().as_bytes())?, &ScopeHierarchy::default())
    }

    #[test]
    fn a_users_guid_is_the_same_in_any_case() {
        let user = |object: &str| UserId::new(TenantId::parse(TID).unwrap(), object);
        assert_eq!(user("0F8FAD5B-D9CB-469F-A165-70867728950E"), user("0f8fad5b-d9cb-469f-a165-70867728950e"));
        assert_ne!(user("A"), user("a"), "no GUID, and nothing is known about it");
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
            ("scopes as a list", json!({"scp": ["a"]}), None),
            ("scopes under the standard's name", json!({"scope": "a"}), None),
            ("app with a list of scopes", json!({"idtyp": "app", "scp": []}), None),
        ] {
            let got = principal(claims).ok().map(|who| match who {
                Principal::User { .. } => "user",
                Principal::App { .. } => "app",
                _ => "of another issuer",
            });
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn a_plain_issuer_says_in_several_ways_what_a_token_is() {
        for (name, claims, expected) in [
            ("scope as RFC 9068 writes it", json!({"scope": "a b"}), Some("user")),
            ("scope as Okta writes it", json!({"scp": ["a", "b"]}), Some("user")),
            ("Keycloak", json!({"scope": "a", "typ": "Bearer"}), Some("user")),
            ("a client by itself", json!({"scope": "a", "client_id": "s"}), Some("client")),
            ("a client by itself, at Auth0", json!({"scope": "a", "azp": "x", "sub": "x@clients"}), Some("client")),
            ("a client by itself, said", json!({"scope": "a", "gty": "client-credentials"}), Some("client")),
            ("a client by itself, at Okta", json!({"scp": ["a"], "cid": "s"}), Some("client")),
            ("no scope", json!({}), None),
            ("scope of another type", json!({"scope": ["a"]}), None),
            ("blank scope", json!({"scope": " "}), None),
            ("no subject", json!({"scope": "a", "sub": null}), None),
            ("blank subject", json!({"scope": "a", "sub": ""}), None),
            ("Keycloak's ID token", json!({"scope": "a", "typ": "ID"}), None),
            ("Keycloak's refresh token", json!({"scope": "a", "typ": "Refresh"}), None),
            ("Cognito's ID token", json!({"scope": "a", "token_use": "id"}), None),
            ("ID token with a hash of its access token", json!({"scope": "a", "at_hash": "x"}), None),
            ("ID token with a hash of its code", json!({"scope": "a", "c_hash": "x"}), None),
            ("ID token with a hash of its state", json!({"scope": "a", "s_hash": "x"}), None),
            ("logout token", json!({"scope": "a", "events": {}}), None),
        ] {
            let claims = Claims::parse(with(claims).to_string().as_bytes()).unwrap();
            let got = Principal::of_plain(&claims, &ScopeHierarchy::default()).ok().map(|who| match who {
                Principal::Subject { .. } => "user",
                Principal::Client { .. } => "client",
                _ => "of Entra",
            });
            assert_eq!(got, expected, "{name}");
        }
    }
}
