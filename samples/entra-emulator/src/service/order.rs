//! Tokens for Microsoft's services: of an app by itself, or of a user through an app.

use serde_json::{Map, Value, json};

use super::Service;
use crate::{
    challenge::Evaluation,
    jwt,
    signing::KeyRing,
    tenant::{TENANT_ID, V1_ISSUER},
    token::{self, Confidential},
    user::User,
};

/// Who a service's token speaks for.
#[derive(Clone, Debug)]
pub(crate) enum Principal<'a> {
    /// An app, by its object id, with the app roles that an administrator assigned.
    App { object_id: &'a str, roles: Vec<String> },
    /// A user, with the scopes that were granted and the challenges that were met.
    User { user: &'a User, scopes: String, capable: bool, met: Evaluation },
}

/// What is needed to make a token for a service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceOrder<'a> {
    pub(crate) service: Service,
    /// The spelling of the service in the request, which v1 tokens repeat.
    pub(crate) resource: &'a str,
    pub(crate) client: &'a str,
    pub(crate) principal: Principal<'a>,
    pub(crate) confidential: Confidential,
    pub(crate) base: &'a str,
    pub(crate) now: i64,
    pub(crate) lifetime: i64,
}

impl ServiceOrder<'_> {
    /// Makes the token: in Graph's own form, or in one that its service can verify by the published keys.
    pub(crate) fn sign(&self, keys: &KeyRing) -> String {
        let claims = self.claims();
        if self.service == Service::Graph { jwt::sign_for_graph(keys, &claims) } else { jwt::sign(keys, &claims) }
    }

    /// Writes the token's claims.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        for name in ["iat", "nbf"] {
            set(name, json!(self.now));
        }
        set("exp", json!(self.now + self.lifetime));
        set("tid", json!(TENANT_ID));
        set("uti", json!(token::id()));
        let acr = json!(self.confidential.acr());
        if self.service == Service::TokenExchange {
            set("aud", json!(Service::EXCHANGE_ID));
            set("iss", json!(token::issuer(self.base)));
            set("ver", json!("2.0"));
            set("azp", json!(self.client));
            set("azpacr", acr);
        } else {
            set("aud", json!(self.resource));
            set("iss", json!(V1_ISSUER));
            set("ver", json!("1.0"));
            set("appid", json!(self.client));
            set("appidacr", acr);
        }
        self.set_principal(&mut claims);
        claims
    }

    fn set_principal(&self, claims: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        match &self.principal {
            Principal::App { object_id, roles } => {
                set("oid", json!(object_id));
                set("sub", json!(object_id));
                set("idtyp", json!("app"));
                if !roles.is_empty() {
                    set("roles", json!(roles));
                }
            }
            Principal::User { user, scopes, capable, met } => {
                set("oid", json!(user.oid));
                set("sub", json!(token::pairwise(user.oid, self.client)));
                set("idtyp", json!("user"));
                set("name", json!(user.display));
                set("upn", json!(user.upn()));
                set("unique_name", json!(user.upn()));
                set("acr", json!("1"));
                set("amr", if met.mfa { json!(["pwd", "mfa"]) } else { json!(["pwd"]) });
                set("scp", json!(scopes));
                if *capable {
                    set("xms_cc", json!(["cp1"]));
                }
                if met.continuous {
                    set(token::MET, json!(true));
                }
            }
        }
    }
}
