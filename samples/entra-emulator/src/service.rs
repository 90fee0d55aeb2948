//! Microsoft's own services for which an app alone can have tokens, and what it may do there.

use serde_json::{Map, Value, json};

use crate::{
    jwt,
    signing::KeyRing,
    tenant::{GRAPH_ID, TENANT_ID, V1_ISSUER},
    token::{self, Confidential},
};

/// A service of Microsoft's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Graph,
    Vault,
    Management,
    /// What a federated assertion is for; only a managed identity gets a token for it here.
    TokenExchange,
}

impl Service {
    /// What Key Vault's tokens are for.
    pub(crate) const VAULT: &str = "https://vault.azure.net";
    /// How federated credentials spell the token exchange.
    pub(crate) const EXCHANGE: &str = "api://AzureADTokenExchange";
    /// The token exchange's own client id: as in all v2 tokens, that is what stands in `aud`.
    pub(crate) const EXCHANGE_ID: &str = "fb60f99c-7a34-4190-8149-302f77469936";

    /// The spellings of each service: its URI, and its client id.
    const ALL: [(Self, [&str; 2]); 4] = [
        (Self::Graph, ["https://graph.microsoft.com", GRAPH_ID]),
        (Self::Vault, [Self::VAULT, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"]),
        (Self::Management, ["https://management.azure.com", "797f4846-ba00-4fd7-ba43-dac1f8f63013"]),
        (Self::TokenExchange, [Self::EXCHANGE, Self::EXCHANGE_ID]),
    ];

    /// Finds the service that a resource names, with or without a slash at its end.
    pub(crate) fn find(resource: &str) -> Option<Self> {
        let bare = resource.trim_end_matches('/');
        let known = |spellings: &[&str; 2]| spellings.iter().any(|known| known.eq_ignore_ascii_case(bare));
        Self::ALL.iter().find(|(_, spellings)| known(spellings)).map(|(service, _)| *service)
    }
}

/// What is needed to make an app's token for a service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceOrder<'a> {
    pub(crate) service: Service,
    /// The spelling of the service in the request, which v1 tokens repeat.
    pub(crate) resource: &'a str,
    pub(crate) client: &'a str,
    pub(crate) object_id: &'a str,
    pub(crate) confidential: Confidential,
    /// The app roles that an administrator assigned at Graph.
    pub(crate) graph_roles: Vec<String>,
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

    fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        for name in ["iat", "nbf"] {
            set(name, json!(self.now));
        }
        set("exp", json!(self.now + self.lifetime));
        set("tid", json!(TENANT_ID));
        set("uti", json!(token::id()));
        set("oid", json!(self.object_id));
        set("sub", json!(self.object_id));
        set("idtyp", json!("app"));
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
        if self.service == Service::Graph && !self.graph_roles.is_empty() {
            set("roles", json!(self.graph_roles));
        }
        claims
    }
}
