//! A service on Azure that calls Microsoft Graph as its user, and proves itself by a key that never leaves Key Vault.
//!
//! ```console
//! cargo run -p mcp-obo --example graph_with_key_vault --features axum,azure-identity -- TENANT CLIENT_ID VAULT CERTIFICATE
//! ```
//!
//! `VAULT` is `https://NAME.vault.azure.net`, `CERTIFICATE` the name of a certificate in it, whose public part is registered at
//! the app. The machine's own managed identity needs two roles in the vault: *Key Vault Certificate User* to read the
//! certificate, and *Key Vault Crypto User* to sign with its key.

use std::{env, error::Error};

use axum::{Router, routing::get};
use mcp_auth_layer::{BearerLayer, EntraApp};
use mcp_obo::{
    Exchange, ExchangeError, HostingIdentity, KeyVault, KeyVaultCertificate, OboLayer, OnBehalfOf, Target,
    managed_identity::ManagedIdentityId,
};

/// Proves that there is a token for the user, and shows nothing of it.
async fn me(user: OnBehalfOf) -> Result<String, ExchangeError> {
    let token = user.token(&Target::graph()).await?;
    Ok(format!("a token of Microsoft Graph, good until {}\n", token.expires_at().as_secs()))
}

fn service(tenant: &str, client_id: &str, vault: &str, certificate: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    // Who may use the key: the machine, and for the vault alone.
    let vaults = KeyVault::target_in(app.cloud()).ok_or("this cloud's Key Vault is not known")?;
    let machine = HostingIdentity::managed(&app, ManagedIdentityId::SystemAssigned)?.add_target(&vaults);
    let vault = KeyVault::new(vault, app.cloud(), machine)?;
    let key = KeyVaultCertificate::from_certificate(&vault, certificate)?;
    let obo = OboLayer::new(Exchange::new(&app, key).add_target(&Target::graph()));
    Ok(Router::new().route("/me", get(me)).layer((bearer, obo)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id, vault, certificate] = &arguments[..] else {
        return Err("usage: graph_with_key_vault TENANT CLIENT_ID VAULT_URL CERTIFICATE".into());
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service(tenant, client_id, vault, certificate)?).await?;
    Ok(())
}
