//! A service whose Azure SDK clients act as its user.
//!
//! ```console
//! cargo run -p mcp-obo --example azure_sdk_on_behalf_of --features axum,azure-identity -- TENANT CLIENT_ID SECRET_FILE
//! ```
//!
//! Lists the subscriptions that the *user* may see. The app registration needs the delegated permission `user_impersonation` of
//! Azure Resource Manager, and consent.
//!
//! The call is made with `azure_core`'s own pipeline, which is what every SDK client is built from; a client of a service, such
//! as Key Vault's, takes the same credential and the same options in its constructor. One client for each request: it keeps the
//! token that it got.

use std::{env, error::Error, sync::Arc};

use axum::{Router, routing::get};
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, Request, Url, policies::auth::BearerTokenAuthorizationPolicy,
};
use mcp_auth_layer::{BearerLayer, EntraApp, fetch::HttpClient};
use mcp_obo::{ClientSecret, Exchange, OboLayer, OnBehalfOf, Target, azure};

const ARM: &str = "https://management.azure.com/.default";
const SUBSCRIPTIONS: &str = "https://management.azure.com/subscriptions?api-version=2022-12-01";

async fn subscriptions(user: OnBehalfOf, http: HttpClient) -> String {
    let listed = list(azure::ActingCredential::new(Arc::new(user)), &http).await;
    listed.unwrap_or_else(|why| format!("no list: {why}\n"))
}

async fn list(user: azure::ActingCredential, http: &HttpClient) -> Result<String, Box<dyn Error>> {
    let options = ClientOptions { transport: Some(azure::transport(http)), ..ClientOptions::default() };
    let policy = Arc::new(BearerTokenAuthorizationPolicy::new(Arc::new(user), [ARM]));
    let client = Pipeline::new(None, None, options, vec![], vec![policy], None);
    let mut request = Request::new(Url::parse(SUBSCRIPTIONS)?, Method::Get);
    let answer = client.send(&Context::new(), &mut request, None).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

fn service(tenant: &str, client_id: &str, file: &str) -> Result<Router, Box<dyn Error>> {
    let app = EntraApp::single_tenant(tenant, client_id)?;
    let bearer = BearerLayer::new(&app).require_scope("access_as_user")?;
    // What the SDK may ask for is declared here, as for every other caller.
    let exchange = Exchange::new(&app, ClientSecret::from_file(file)?).add_target(&Target::parse(ARM)?);
    let http = app.http().clone();
    let handler = move |user: OnBehalfOf| subscriptions(user, http.clone());
    Ok(Router::new().route("/subscriptions", get(handler)).layer((bearer, OboLayer::new(exchange))))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [tenant, client_id, file] = &arguments[..] else {
        return Err("usage: azure_sdk_on_behalf_of TENANT CLIENT_ID SECRET_FILE".into());
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, service(tenant, client_id, file)?).await?;
    Ok(())
}
