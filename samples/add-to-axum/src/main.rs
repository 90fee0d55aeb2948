//! The two layers on an existing axum service.
//!
//! Run with
//! ```sh
//! ENTRA_TENANT_ID=… ENTRA_CLIENT_ID=… ENTRA_CLIENT_SECRET_FILE=/run/secrets/entra cargo run -p add-to-axum
//! curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/me
//! ```
//! where the token is a user's, for the scope `access_as_user` of that client id. `/hello` stays open.

mod service;
mod settings;
#[cfg(test)]
mod tests;

use mcp_auth_layer::EntraApp;
use mcp_obo::ClientSecret;

use crate::settings::Settings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let app = EntraApp::single_tenant(&settings.tenant, &settings.client_id)?;
    let secret = ClientSecret::from_file(&settings.secret_file)?; // re-read when Entra refuses it
    let router = service::router(&app, secret, "https://graph.microsoft.com")?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    // A header timeout needs hyper-util with a timer; see `add-to-hyper`. Behind a proxy this is enough.
    Ok(axum::serve(listener, router).await?)
}
