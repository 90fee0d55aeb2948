//! What clients can read about this server before they sign in. Only endpoints that answer are listed.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mcp_auth_layer::{EntraApp, authority::Endpoints};
use serde_json::{Value, json};

/// What the documents are made of.
#[derive(Clone, Debug)]
pub struct Documents {
    /// This server's app.
    pub app: EntraApp,
    /// This server's `/authorize`; none where clients start at the tenant.
    pub authorization_url: Option<String>,
    /// The scopes that sign-ins ask for, as Entra takes them.
    pub scopes: String,
}

impl Documents {
    /// Answers `/discover`.
    pub async fn discover(self) -> Response {
        self.answer(|this, endpoints| {
            json!({
                "issuer": endpoints.issuer_v2(),
                "tenantId": endpoints.reach().segment(),
                "authorizationUrl": this.authorization_url(endpoints),
                "tokenUrl": endpoints.token_endpoint(),
                "scopes": this.scopes,
                "pkceRequired": true,
                "grantTypesSupported": ["authorization_code", "refresh_token"],
            })
        })
        .await
    }

    /// Answers `/.well-known/openid-configuration`.
    pub async fn openid_configuration(self) -> Response {
        self.answer(|this, endpoints| {
            json!({
                "issuer": endpoints.issuer_v2(),
                "authorization_endpoint": this.authorization_url(endpoints),
                "token_endpoint": endpoints.token_endpoint(),
                "jwks_uri": endpoints.jwks_uri(),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            })
        })
        .await
    }

    fn authorization_url<'a>(&'a self, endpoints: &'a Endpoints) -> &'a str {
        self.authorization_url.as_deref().unwrap_or_else(|| endpoints.authorization_endpoint())
    }

    async fn answer(&self, document: impl FnOnce(&Self, &Endpoints) -> Value) -> Response {
        match self.app.authority().endpoints().await {
            Ok(endpoints) => {
                // Clients in browsers read it too; it holds nothing that not everybody may know.
                let headers = [(header::CACHE_CONTROL, "no-store"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
                (headers, Json(document(self, &endpoints))).into_response()
            }
            Err(why) => unavailable(why.retry_after().as_secs()),
        }
    }
}

/// Answers while the tenant cannot be discovered.
pub(crate) fn unavailable(seconds: u64) -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
