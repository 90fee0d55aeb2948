//! The OAuth front door on this server's routes: what may be asked how often, and in what words people are asked.

use std::{error::Error, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request};
use mcp_auth_layer::{config::ConfigError, verify::Verifier};
use mcp_obo::proxy::{Endpoint, Proxy, ProxyBuilder};
use secrecy::ExposeSecret as _;
use tower::ServiceBuilder;
use tower_http::timeout::RequestBodyDeadlineLayer;

use crate::{
    limits::{FormClientLayer, Limits},
    settings::{FrontDoor, Settings},
};

/// Makes the front door, where there is one.
///
/// # Errors
/// [`ConfigError`] when no HTTP client for documents can be made.
pub fn proxy(settings: &Settings, verifier: &Verifier) -> Result<Option<Proxy>, ConfigError> {
    let Some(door) = &settings.front_door else { return Ok(None) };
    let scopes: Vec<_> = door.scopes.iter().map(String::as_str).collect();
    // Everything that a scope of this server lets a program do is to call its tools.
    let wording: Vec<_> = scopes.iter().map(|scope| (*scope, WHAT_IT_MAY)).collect();
    let builder = Proxy::builder(&settings.app, verifier, door.client.clone(), &settings.public_base_url, &scopes)
        .with_redirects(door.redirects.clone())
        .with_ring(door.ring.clone())
        .with_wording("Message Center", &wording)
        .with_session_life(door.session_max)
        .with_sessions_not_before(door.sessions_not_before)
        .with_clients_not_before(door.clients_not_before)
        .with_denied_clients(door.denied_clients.iter().cloned());
    let builder = match &settings.sharing {
        Some(sharing) => builder.with_store(Arc::clone(&sharing.store)),
        None => builder,
    };
    let builder = match &door.client_secret {
        Some(secret) => builder.with_client_secret(secret.clone()),
        None => builder,
    };
    let builder = if door.remembers_consent { builder.with_remembered_consent() } else { builder };
    let builder = documents(builder, door)?;
    builder.build().map(Some)
}

const WHAT_IT_MAY: &str = "read the announcements of your organisation’s Microsoft 365 Message Center, as you";

fn documents(builder: ProxyBuilder, door: &FrontDoor) -> Result<ProxyBuilder, ConfigError> {
    match &door.document_hosts {
        Some(hosts) => builder.with_client_documents(hosts.clone(), &door.egress),
        None => Ok(builder),
    }
}

/// Says what to enter where a client wants to be told its id and its secret, such as an agent platform.
///
/// # Errors
/// Where there is no front door, or no key that outlives this process.
pub fn registration(settings: &Settings) -> Result<String, Box<dyn Error>> {
    let proxy = proxy(settings, &Verifier::entra(&settings.app))?;
    let (Some(proxy), Some(door)) = (proxy, &settings.front_door) else {
        return Err("MCP_OAUTH_PROXY: clients do not sign in here, so there is nothing to enter".into());
    };
    if !door.ring_lasts {
        return Err(
            "MCP_SEALING_KEYS: not set; the secret is made from the keys, and would be another at each start".into()
        );
    }
    let (base, secret) = (&settings.public_base_url, proxy.client_secret());
    Ok(format!(
        "client id          {}\nclient secret      {}\nauthorization URL  {base}/authorize\ntoken URL          {base}/token\n\
         refresh URL        {base}/token\nscopes             {} offline_access\n",
        proxy.client_id(),
        secret.expose_secret(),
        door.scopes.join(" "),
    ))
}

/// Puts it on its routes, each endpoint behind its own rule.
pub fn routes(proxy: &Proxy, limits: &Limits) -> Router {
    // A form has arrived by then, however it trickles in.
    let deadline = RequestBodyDeadlineLayer::new(Duration::from_secs(10));
    proxy.endpoints().fold(Router::new(), |router, (endpoint, path)| {
        let stack = ServiceBuilder::new().layer(deadline.clone());
        let proxy = proxy.clone();
        match endpoint {
            // One limit for all spellings: an alias is no second helping.
            Endpoint::Authorize => router.route_service(path, stack.layer(limits.authorize.clone()).service(proxy)),
            Endpoint::Token | Endpoint::Revoke => {
                // The deadline's body cannot be moved, and whoever looks into a form moves it.
                let stack = stack.map_request(|request: Request<_>| request.map(Body::new));
                let stack = stack.layer(FormClientLayer::default()).layer(limits.token.clone());
                router.route_service(path, stack.service(proxy))
            }
            Endpoint::Register => router.route_service(path, stack.layer(limits.register.clone()).service(proxy)),
            // A program may send what was sealed for a browser as often as it likes, and each time a line is logged.
            Endpoint::Consent | Endpoint::Forget | Endpoint::Callback => {
                router.route_service(path, stack.layer(limits.answer.clone()).service(proxy))
            }
            // Documents.
            _ => router.route_service(path, stack.service(proxy)),
        }
    })
}
