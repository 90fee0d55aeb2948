//! A service on Azure that calls Microsoft Graph as its user, and has no secret.
//!
//! ```console
//! cargo run -p mcp-obo --example graph_with_managed_identity --features axum,azure-identity -- TENANT CLIENT_ID IDENTITY
//! ```
//!
//! `IDENTITY` is the client id of a *user-assigned* managed identity that the machine has. The app registration has a federated
//! credential of the kind "managed identity" with it, in the same tenant. A system-assigned identity cannot be one.

use std::{env, error::Error};

use axum::{Router, routing::get};
use mcp_auth_layer::{BearerLayer, EntraApp};
use mcp_obo::{Exchange, ExchangeError, ManagedIdentity, OboLayer, OnBehalfOf, Target};

/// Proves that there is a token for the user, and shows nothing of it.
async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
    let token = user.token(&Target::graph()).await?;
    Ok(format!("a token of Microsoft Graph, good until {}\n", token.expires_at().as_secs()))
}

fn service(tenant: &str, client_id: &str, identity: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    // The identity's token stands in for a secret: it proves the app, and is not what calls Graph.
    let identity = ManagedIdentity::user_assigned(&app, identity)?;
    let obo = OboLayer::new(Exchange::new(&app, identity).add_target(&Target::graph()));
    Ok(Router::new().route("/me", get(me)).layer((bearer, obo)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id, identity] = &arguments[..] else {
        return Err("usage: graph_with_managed_identity TENANT CLIENT_ID IDENTITY_CLIENT_ID".into());
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service(tenant, client_id, identity)?).await?;
    Ok(())
}
