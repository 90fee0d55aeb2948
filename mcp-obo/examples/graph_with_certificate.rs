//! A service that calls Microsoft Graph as its user, and proves itself by a certificate.
//!
//! ```console
//! cargo run -p mcp-obo --example graph_with_certificate --features axum -- TENANT CLIENT_ID app.pem
//! ```
//!
//! `app.pem` holds the private key and the certificate that is registered at the app. Replace the file to rotate it.

use std::{env, error::Error};

use axum::{Router, routing::get};
use http::{Request, header};
use mcp_auth_layer::{
    BearerLayer, EntraApp,
    fetch::{FetchLimits, HttpClient},
};
use mcp_obo::{ClientCertificate, Exchange, ExchangeError, OboLayer, OnBehalfOf, Target};

/// Answers with the signed-in user's own profile.
async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
    let token = user.token(&Target::graph()).await?;
    let profile = profile(token.expose_secret()).await;
    Ok(profile.unwrap_or_else(|why| format!("Graph did not answer: {why}")))
}

async fn profile(token: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let request = Request::get("https://graph.microsoft.com/v1.0/me")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(bytes::Bytes::new())?;
    let answer = HttpClient::reqwest(FetchLimits::default())?.send(request).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

fn service(tenant: &str, client_id: &str, file: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    let certificate = ClientCertificate::from_pem_file(file)?;
    let obo = OboLayer::new(Exchange::new(&app, certificate).add_target(&Target::graph()));
    Ok(Router::new().route("/me", get(me)).layer((bearer, obo)))
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
