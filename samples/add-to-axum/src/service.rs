//! A service as it may have stood before, and the two layers around a part of it.

use axum::{Extension, Router, routing::get};
use bytes::Bytes;
use http::{Request, header};
use mcp_auth_layer::{BearerLayer, EntraApp, config::ConfigError, fetch::HttpClient};
use mcp_obo::{ClientSecret, Exchange, ExchangeError, OboLayer, OnBehalfOf, Target};

/// Makes the router: `/hello` for everybody, `/me` for users of the tenant.
pub(crate) fn router(app: &EntraApp, secret: ClientSecret, graph: &str) -> Result<Router, ConfigError> {
    let bearer = BearerLayer::new(app).require_scope("access_as_user")?;
    let obo = OboLayer::new(Exchange::new(app, secret).add_target(&Target::graph()));
    let graph = Graph { http: app.http().clone(), root: graph.into() };
    Ok(Router::new()
        .route("/me", get(me))
        .layer((bearer, obo)) // reads inwards: who calls, then on whose behalf
        .layer(Extension(graph))
        .route("/hello", get(|| async { "hello" })))
}

/// Answers with the caller's own profile, as Microsoft Graph shows it to them.
async fn me(Extension(graph): Extension<Graph>, user: OnBehalfOf) -> Result<String, ExchangeError> {
    let token = user.token(&Target::graph()).await?; // cached, coalesced; a step-up becomes 401 + claims by itself
    Ok(graph.get("/v1.0/me", token.expose_secret()).await)
}

/// The service's own Graph client; any will do.
#[derive(Clone)]
struct Graph {
    http: HttpClient,
    root: std::sync::Arc<str>,
}

impl Graph {
    async fn get(&self, path: &str, token: &str) -> String {
        let request = Request::get(format!("{}{path}", self.root))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Bytes::new());
        let Ok(request) = request else { return "the address of Microsoft Graph is malformed".to_owned() };
        match self.http.send(request).await {
            Ok(response) if response.status().is_success() => String::from_utf8_lossy(response.body()).into_owned(),
            Ok(response) => format!("Microsoft Graph answered {}", response.status()),
            Err(error) => format!("Microsoft Graph did not answer: {error}"),
        }
    }
}
