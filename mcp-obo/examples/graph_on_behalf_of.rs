//! Who am I, says Graph: `GET /me` with a token for this app answers with the caller's own profile.
//!
//! ```text
//! cargo run --example graph_on_behalf_of -p mcp-obo -- contoso.onmicrosoft.com 11111111-2222-3333-4444-555555555555 secret.txt
//! curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/me
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that people start by hand")]

use std::{env, error::Error, process::ExitCode};

use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{Request, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use mcp_auth_layer::{
    BearerLayer, EntraApp,
    fetch::{FetchLimits, HttpClient},
};
use mcp_obo::{ClientSecret, Downstream, Exchange, OboLayer, OnBehalfOf, Target};
use tokio::net::TcpListener;

const USAGE: &str = "\
usage: graph_on_behalf_of <tenant> <client-id> <secret-file>

  tenant       its id, or a domain such as contoso.onmicrosoft.com
  client-id    the app registration's; it exposes the scope access_as_user, and has the delegated
               permission User.Read of Microsoft Graph, with consent
  secret-file  holds the app's client secret and nothing else

It serves http://127.0.0.1:3000/me. Get a token to call it with by
  az account get-access-token --scope <client-id>/access_as_user";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id, secret_file] = &arguments[..] else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match serve(tenant, client_id, secret_file).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(tenant: &str, client_id: &str, secret_file: &str) -> Result<(), Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let secret = ClientSecret::from_file(secret_file)?;
    let graph = Downstream::new(
        HttpClient::reqwest(FetchLimits::default())?,
        Target::graph(),
        "https://graph.microsoft.com/v1.0",
    )?;

    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    let obo = OboLayer::new(Exchange::new(&app, secret).add_target(graph.target()));
    let router = Router::new()
        .route("/me", get(me))
        .layer((bearer, obo)) // reads inwards: who calls, then on whose behalf
        .with_state(graph);

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/me", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn me(State(graph): State<Downstream>, Extension(user): Extension<OnBehalfOf>) -> Response {
    let request = Request::get("/me").body(Bytes::new()).expect("a constant path");
    match graph.call(&user, request).await {
        // Only what was asked for: Graph's other headers are between Graph and this service.
        Ok(answer) if answer.status().is_success() => {
            ([(CONTENT_TYPE, "application/json")], Body::from(answer.into_body())).into_response()
        }
        Ok(answer) => (StatusCode::BAD_GATEWAY, format!("Graph answered {}", answer.status())).into_response(),
        // 401 with Entra's claims for a step-up, 503 with Retry-After for a pause, and so on; the bearer layer renders it.
        Err(error) => error.rejection().into_response(),
    }
}
