//! Who asks.

use axum::http::request::Parts;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header::AUTHORIZATION;
use ipnet::IpNet;
use mcp_auth_layer::{Caller, VerifiedToken, principal::Principal};
use url::form_urlencoded;

use super::{
    address::{self, TrustedProxies},
    buckets::Key,
    form::FormClient,
};

/// What a rule tells askers apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The address.
    Address,
    /// The client that is named, which nobody has checked yet, at its address.
    Client,
    /// The verified caller; where a hatch let nobody in, the address.
    Caller,
}

/// One who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asker {
    pub(super) own: Key,
    /// Its address, where others share what that may have.
    pub(super) shared: Option<Key>,
    /// For the log; none for a caller, whom the audit trail names.
    pub(super) address: Option<IpNet>,
}

/// A layer or the server did not leave what is needed to tell who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotWired {
    pub(super) missing: &'static str,
}

impl By {
    /// Finds out who asks.
    pub(super) fn find(self, parts: &Parts, proxies: &TrustedProxies) -> Result<Asker, NotWired> {
        if self == Self::Caller {
            let caller = parts.extensions.get::<Caller>();
            let caller = caller.ok_or(NotWired { missing: "BearerLayer (it must stand outside this layer)" })?;
            if let Some(token) = caller.verified() {
                return Ok(Asker { own: caller_key(token), shared: None, address: None });
            }
        }
        let missing = "ConnectInfo<SocketAddr> (the server must say who is connected)";
        let network = address::household(proxies.origin(parts).ok_or(NotWired { missing })?);
        let address = network.to_string();
        Ok(match self {
            Self::Address | Self::Caller => {
                Asker { own: Key::of(&[b"address", address.as_bytes()]), shared: None, address: Some(network) }
            }
            Self::Client => {
                let client = client(parts).unwrap_or_default();
                Asker {
                    own: Key::of(&[b"client", client.as_bytes(), address.as_bytes()]),
                    shared: Some(Key::of(&[b"address", address.as_bytes()])),
                    address: Some(network),
                }
            }
        })
    }
}

fn caller_key(token: &VerifiedToken) -> Key {
    let claims = token.claims();
    let (realm, who) = match token.principal() {
        Principal::User { user, .. } => (user.tenant().as_str(), user.object_id()),
        Principal::App { tenant, .. } => (tenant.as_str(), claims.object_id().unwrap_or_default()),
        _ => (claims.issuer(), claims.subject().unwrap_or_default()),
    };
    let client = claims.client_id().unwrap_or_default();
    Key::of(&[b"caller", realm.as_bytes(), who.as_bytes(), client.as_bytes()])
}

/// Finds the client that is named where the endpoint reads it: with a form, by Basic authentication or in the form; else in
/// the query. What the endpoint does not look at would be another name for each request.
fn client(parts: &Parts) -> Option<String> {
    let named = match parts.extensions.get::<FormClient>() {
        Some(FormClient(named)) => basic(parts).or_else(|| named.clone()),
        None => named_in(parts.uri.query().unwrap_or_default().as_bytes()),
    };
    // A GUID may be written in either case, and must not be several clients for that.
    named.map(|id| id.to_ascii_lowercase())
}

/// RFC 6749 section 2.3.1: the id is form-encoded before it is Basic's user name.
fn basic(parts: &Parts) -> Option<String> {
    let (scheme, credential) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(credential.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let id = decoded.split(|byte| *byte == b':').next()?;
    form_urlencoded::parse(id).next().map(|(id, _)| id.into_owned())
}

/// Finds `client_id` among form-encoded parameters.
pub(super) fn named_in(encoded: &[u8]) -> Option<String> {
    form_urlencoded::parse(encoded).find(|(name, _)| name == "client_id").map(|(_, id)| id.into_owned())
}
