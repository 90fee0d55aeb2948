//! What clients read before anything else: authorization server metadata (RFC 8414, and OpenID Connect Discovery, which some ask for).

use mcp_auth_layer::authority::Endpoints;
use serde_json::{Value, json};

use super::{api_scopes::ApiScopes, issuer::Issuer};

pub(super) const AUTHORIZE: &str = "/authorize";
pub(super) const TOKEN: &str = "/token";
pub(super) const REGISTER: &str = "/register";
pub(super) const REVOKE: &str = "/revoke";

/// What this server can do besides what it always can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Abilities {
    /// Ends a session when asked to (RFC 7009), which takes a store that all replicas share.
    pub(super) revokes: bool,
    /// Takes an https URL for a client's id.
    pub(super) reads_client_documents: bool,
}

/// Returns the paths at which clients look for the document.
///
/// RFC 8414 puts the well-known part before the issuer's path and OpenID Connect behind it. The issuer has no path, but clients
/// that take the resource's address for the issuer look as if it had one.
pub(super) fn paths(issuer: &Issuer) -> Vec<String> {
    let resource = issuer.resource_path();
    ["oauth-authorization-server", "openid-configuration"]
        .iter()
        .flat_map(|name| [format!("/.well-known/{name}"), format!("/.well-known/{name}{resource}")])
        .chain([format!("{resource}/.well-known/openid-configuration")])
        .collect()
}

/// Tells whether a path is that of OpenID Connect's document, which has more in it.
pub(super) fn is_openid(path: &str) -> bool {
    path.contains("/openid-configuration")
}

/// Adds what OpenID Connect Discovery 1.0 section 3 requires; strict clients read no document without it.
///
/// It is the truth about the tokens: Entra signs them, with keys that stand there. No ID token is handed out here.
pub(super) fn openid(mut document: Value, endpoints: &Endpoints) -> Value {
    document["jwks_uri"] = endpoints.jwks_uri().into();
    document["subject_types_supported"] = json!(["pairwise"]);
    document["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    document
}

/// Makes the document.
pub(super) fn document(issuer: &Issuer, scopes: &ApiScopes, abilities: Abilities) -> Value {
    let methods = ["none", "client_secret_basic", "client_secret_post"];
    let mut document = json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.at(AUTHORIZE),
        "token_endpoint": issuer.at(TOKEN),
        "registration_endpoint": issuer.at(REGISTER),
        // Without `offline_access`: clients that see it ask for `prompt=consent`, which tenants refuse (AADSTS90094).
        "scopes_supported": scopes.names().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        // RFC 9207.
        "authorization_response_iss_parameter_supported": true,
        // Clients make use of it only together with the method `none`.
        "client_id_metadata_document_supported": abilities.reads_client_documents,
    });
    if abilities.revokes {
        document["revocation_endpoint"] = issuer.at(REVOKE).into();
        document["revocation_endpoint_auth_methods_supported"] = json!(methods);
    }
    document
}

#[cfg(test)]
mod tests {
    use mcp_auth_layer::EntraApp;

    use super::*;
    use crate::testtenant;

    fn document_with(abilities: Abilities) -> Value {
        let app = EntraApp::single_tenant(testtenant::TENANT, testtenant::CLIENT).unwrap();
        let scopes = ApiScopes::new(&app, ["access_as_user"]).unwrap();
        document(&Issuer::new("https://mcp.contoso.com", "/mcp").unwrap(), &scopes, abilities)
    }

    #[test]
    fn every_client_finds_the_document() {
        let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
        assert_eq!(
            paths(&issuer),
            [
                "/.well-known/oauth-authorization-server",
                "/.well-known/oauth-authorization-server/mcp",
                "/.well-known/openid-configuration",
                "/.well-known/openid-configuration/mcp",
                "/mcp/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn the_document_says_what_clients_insist_on() {
        let document = document_with(Abilities::default());
        assert_eq!(document["issuer"], "https://mcp.contoso.com");
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["token_endpoint"], "https://mcp.contoso.com/token");
        assert_eq!(document["scopes_supported"], json!(["access_as_user"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document.get("revocation_endpoint"), None, "what is not there is not advertised");
        assert_eq!(document["client_id_metadata_document_supported"], false);
    }

    #[test]
    fn abilities_are_advertised_when_they_are_there() {
        let document = document_with(Abilities { revokes: true, reads_client_documents: true });
        assert_eq!(document["revocation_endpoint"], "https://mcp.contoso.com/revoke");
        assert_eq!(document["client_id_metadata_document_supported"], true);
        let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&json!("none")), "one without the other is of no use");
    }
}
