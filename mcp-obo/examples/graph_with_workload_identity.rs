//! A service in Kubernetes that calls Microsoft Graph as its user, and has no secret.
//!
//! ```console
//! cargo run -p mcp-obo --example graph_with_workload_identity --features axum -- TENANT CLIENT_ID TOKEN_FILE
//! ```
//!
//! `TOKEN_FILE` is the projected token of a service account, on AKS `/var/run/secrets/azure/tokens/azure-identity-token`. The app
//! registration has a federated credential with the cluster's issuer, the subject
//! `system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT` and the audience `api://AzureADTokenExchange`.

use std::{env, error::Error};

use axum::{Router, routing::get};
use mcp_auth_layer::{BearerLayer, EntraApp};
use mcp_obo::{Exchange, ExchangeError, OboLayer, OnBehalfOf, Target, WorkloadIdentity};

/// Proves that there is a token for the user, and shows nothing of it.
async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
    let token = user.token(&Target::graph()).await?;
    Ok(format!("a token of Microsoft Graph, good until {}\n", token.expires_at().as_secs()))
}

fn service(tenant: &str, client_id: &str, file: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    // Read again before the token ends, and when Entra refuses it; the kubelet replaces the file.
    let workload = WorkloadIdentity::from_file(file)?;
    let obo = OboLayer::new(Exchange::new(&app, workload).add_target(&Target::graph()));
    Ok(Router::new().route("/me", get(me)).layer((bearer, obo)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id, file] = &arguments[..] else {
        return Err("usage: graph_with_workload_identity TENANT CLIENT_ID TOKEN_FILE".into());
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service(tenant, client_id, file)?).await?;
    Ok(())
}
