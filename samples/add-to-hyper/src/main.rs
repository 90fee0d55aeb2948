//! The two layers on a bare hyper service, with timeouts that really fire.
//!
//! Run with
//! ```sh
//! cargo run -p add-to-hyper -- <tenant id> <client id> <file with the client secret>
//! curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/
//! ```
//! where the token is a user's, for any scope of that client id.

mod serve;
#[cfg(test)]
mod tests;

use mcp_auth_layer::EntraApp;
use mcp_obo::ClientSecret;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(tenant), Some(client_id), Some(secret)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("three arguments are needed: tenant id, client id, file with the client secret".into());
    };
    let app = EntraApp::single_tenant(&tenant, &client_id)?;
    let secret = ClientSecret::from_file(secret)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    Ok(serve::serve(listener, app, secret).await?)
}
