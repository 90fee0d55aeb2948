//! A service on Google Cloud that calls Microsoft Graph as its user, and has no secret.
//!
//! ```console
//! cargo run -p mcp-obo --example graph_with_federated_assertion --features axum -- TENANT CLIENT_ID
//! ```
//!
//! The app registration has a federated credential with the issuer `https://accounts.google.com`, the unique id of the machine's
//! service account as subject, and the audience `api://AzureADTokenExchange`. Any other issuer works alike: the function returns
//! a JWT of it.

use std::{env, error::Error};

use axum::{Router, routing::get};
use bytes::Bytes;
use http::Request;
use mcp_auth_layer::{
    BearerLayer, EntraApp,
    fetch::{FetchLimits, HttpClient},
};
use mcp_obo::{Exchange, ExchangeError, FederatedAssertion, OboLayer, OnBehalfOf, Target, credential::CredentialError};
use secrecy::SecretString;

/// The machine's own identity, as Google's metadata service proves it.
const IDENTITY: &str = "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/identity\
                        ?audience=api://AzureADTokenExchange";

/// Proves that there is a token for the user, and shows nothing of it.
async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
    let token = user.token(&Target::graph()).await?;
    Ok(format!("a token of Microsoft Graph, good until {}\n", token.expires_at().as_secs()))
}

async fn identity(http: HttpClient) -> Result<SecretString, Box<dyn Error + Send + Sync>> {
    let request = Request::get(IDENTITY).header("metadata-flavor", "Google").body(Bytes::new())?;
    let answer = http.send_to_metadata_service(request).await?;
    if !answer.status().is_success() {
        return Err(format!("the metadata service answered {}", answer.status()).into());
    }
    Ok(String::from_utf8(answer.into_body().into())?.into())
}

fn service(tenant: &str, client_id: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    let http = HttpClient::reqwest(FetchLimits::default())?;
    // Asked once for all who wait, and again before the assertion ends or when Entra refuses it.
    let assertion = FederatedAssertion::from_fn(move |_| {
        let identity = identity(http.clone());
        async move { identity.await.map_err(|source| CredentialError::Other { source }) }
    });
    let obo = OboLayer::new(Exchange::new(&app, assertion).add_target(&Target::graph()));
    Ok(Router::new().route("/me", get(me)).layer((bearer, obo)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id] = &arguments[..] else {
        return Err("usage: graph_with_federated_assertion TENANT CLIENT_ID".into());
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service(tenant, client_id)?).await?;
    Ok(())
}
