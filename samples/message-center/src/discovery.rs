//! `/discover`, which clients of the reference server read before they sign in.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mcp_auth_layer::{EntraApp, authority::Endpoints};
use serde_json::json;

/// What the document is made of.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// This server's app.
    pub app: EntraApp,
    /// This server's origin, where it is what clients sign in at; none where that is the tenant.
    pub issuer: Option<String>,
    /// The scopes that sign-ins ask for; a list with spaces between.
    pub scopes: String,
}

impl Discovery {
    /// Answers `/discover`.
    pub async fn answer(self) -> Response {
        match self.app.authority().endpoints().await {
            Ok(endpoints) => {
                // Clients in browsers read it too; it holds nothing that not everybody may know.
                let headers = [(header::CACHE_CONTROL, "no-store"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
                (headers, Json(self.document(&endpoints))).into_response()
            }
            Err(why) => unavailable(why.retry_after().as_secs()),
        }
    }

    fn document(&self, endpoints: &Endpoints) -> serde_json::Value {
        let (issuer, authorize, token) = match &self.issuer {
            Some(own) => (own.clone(), format!("{own}/authorize"), format!("{own}/token")),
            None => (
                endpoints.authorization_server(),
                endpoints.authorization_endpoint().to_owned(),
                endpoints.token_endpoint().to_owned(),
            ),
        };
        json!({
            "issuer": issuer,
            "tenantId": endpoints.reach().segment(),
            "authorizationUrl": authorize,
            "tokenUrl": token,
            "scopes": self.scopes,
            "pkceRequired": true,
            "grantTypesSupported": ["authorization_code", "refresh_token"],
        })
    }
}

/// Answers while the tenant cannot be discovered.
fn unavailable(seconds: u64) -> Response {
    let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
