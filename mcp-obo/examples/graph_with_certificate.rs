//! A service that calls Microsoft Graph as its user, and proves itself by a certificate.
//!
//! ```console
//! cargo run -p mcp-obo --example graph_with_certificate --features axum -- TENANT CLIENT_ID app.pem
//! ```
//!
//! `app.pem` holds the private key and the certificate that is registered at the app. Replace the file to rotate it.

use std::{env, error::Error};

use axum::{Router, extract::State, routing::get};
use bytes::Bytes;
use http::{Request, StatusCode};
use mcp_auth_layer::{
    BearerLayer, EntraApp,
    fetch::{FetchLimits, HttpClient},
};
use mcp_obo::{ClientCertificate, Downstream, DownstreamError, Exchange, OboLayer, OnBehalfOf, Target};

/// Answers with the signed-in user's own profile, or as Graph does in place of it.
async fn me(State(graph): State<Downstream>, user: OnBehalfOf) -> Result<(StatusCode, Bytes), DownstreamError> {
    let request = Request::get("/me").body(Bytes::new()).expect("a constant path");
    let answer = graph.call(&user, request).await?;
    Ok((answer.status(), answer.into_body()))
}

fn service(tenant: &str, client_id: &str, file: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    let certificate = ClientCertificate::from_pem_file(file)?;
    let http = HttpClient::reqwest(FetchLimits::default())?;
    let graph = Downstream::new(http, Target::graph(), "https://graph.microsoft.com/v1.0")?;
    let obo = OboLayer::new(Exchange::new(&app, certificate).add_target(graph.target()));
    Ok(Router::new().route("/me", get(me)).layer((bearer, obo)).with_state(graph))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id, file] = &arguments[..] else {
        return Err("usage: graph_with_certificate TENANT CLIENT_ID PEM_FILE".into());
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service(tenant, client_id, file)?).await?;
    Ok(())
}
