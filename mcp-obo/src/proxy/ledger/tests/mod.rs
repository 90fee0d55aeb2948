//! Replicas of a front door, clients before it, and Entra behind it, which counts.

mod codes;
mod forgetting;
mod keys;
mod outages;
mod refreshes;
mod secrecy;
mod trail;

use std::{future::ready, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, Request, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use crate::{
    ClientSecret, KeyRing,
    proxy::{
        ClientApp, Proxy, ProxyBuilder,
        client::ClientDigest,
        code::Code,
        pkce::{Challenge, Verifier},
    },
    teststore::Faulty,
    testtenant::{Answering, CLIENT, Call, LIFE, NOW, SECRET, Tenant, refused, status},
};

pub(in crate::proxy) const ISSUER: &str = "https://mcp.contoso.com";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A client that is not the pre-registered one.
pub(in crate::proxy) const OTHER: &str = "another client";

/// One origin: what its replicas share.
pub(in crate::proxy) struct Origin {
    pub(in crate::proxy) tenant: Tenant,
    pub(in crate::proxy) store: Faulty,
    pub(in crate::proxy) ring: KeyRing,
}

/// What a client saw.
#[derive(Debug)]
pub(in crate::proxy) struct Seen {
    pub(in crate::proxy) status: u16,
    pub(in crate::proxy) headers: HeaderMap,
    pub(in crate::proxy) text: String,
}

impl Seen {
    pub(in crate::proxy) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Returns the error, or `granted`.
    pub(in crate::proxy) fn word(&self) -> String {
        let word = self.json()["error"].as_str().unwrap_or("granted").to_owned();
        let status = match &*word {
            "granted" => 200,
            "temporarily_unavailable" => 503,
            "invalid_client" => 401,
            "server_error" => 500,
            _ => 400,
        };
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers.contains_key(RETRY_AFTER), status == 503, "{}", self.text);
        word
    }

    pub(in crate::proxy) fn refresh_token(&self) -> String {
        self.json()["refresh_token"].as_str().unwrap_or_else(|| panic!("{}", self.text)).to_owned()
    }
}

impl Origin {
    /// Entra grants, to whomever the code or the token is: their texts begin with a name.
    pub(in crate::proxy) fn granting() -> Self {
        Self::answering(|call| Box::pin(ready(granted(&call))))
    }

    pub(in crate::proxy) fn answering(script: impl Fn(Call) -> Answering + Send + Sync + 'static) -> Self {
        Self { tenant: Tenant::answering(script), store: Faulty::default(), ring: KeyRing::ephemeral() }
    }

    pub(in crate::proxy) fn builder(&self) -> ProxyBuilder {
        let (app, verifier) = (&self.tenant.app, &self.tenant.verifier);
        let builder =
            Proxy::builder(app, verifier, ClientApp::own(ClientSecret::new(SECRET)), ISSUER, &["access_as_user"]);
        builder.with_ring(self.ring.clone())
    }

    pub(in crate::proxy) fn replica(&self) -> Proxy {
        self.builder().with_store(self.store.clone()).build().unwrap()
    }

    /// Makes what a client gets when somebody has signed in, in a tab of this name.
    pub(in crate::proxy) fn code(&self, person: &str, tab: &str) -> String {
        self.code_for(CLIENT, person, tab)
    }

    pub(in crate::proxy) fn code_for(&self, client: &str, person: &str, tab: &str) -> String {
        use mcp_auth_layer::clock::Clock as _;
        let code = Code {
            client: ClientDigest::of(client),
            redirect: REDIRECT.to_owned(),
            challenge: Challenge::read(Some(CHALLENGE), Some("S256")).unwrap(),
            names: vec!["access_as_user".to_owned()],
            echo: "access_as_user".to_owned(),
            verifier: proof(person, tab),
            upstream: Zeroizing::new(format!("{person} entra-code {tab}")),
            made: self.tenant.clock.now().as_secs(),
        };
        code.seal(&self.ring).unwrap()
    }

    /// Lets time go by, on the wall and in the store.
    pub(in crate::proxy) async fn pass(&self, seconds: u64) {
        self.tenant.clock.advance(Duration::from_secs(seconds));
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    fn exchanges(&self) -> usize {
        self.tenant.exchanges()
    }
}

/// The proof of a flow, which is the same however often its browser comes back.
fn proof(person: &str, tab: &str) -> Verifier {
    serde_json::from_value(json!(format!("proof of {person} {tab}"))).unwrap()
}

/// Entra's answer: a token of whoever it was asked for.
pub(in crate::proxy) fn granted(call: &Call) -> Response<Bytes> {
    let text = call.form.get("code").or(call.form.get("refresh_token")).unwrap();
    let person = text.split(' ').next().unwrap();
    // Of a tenant whose clock nobody moves, so it must be good for as long as any of these tests goes on.
    let claims = json!({"oid": person, "scp": "access_as_user", "uti": "id-of-token", "exp": NOW + 100 * 86_400});
    let token = Tenant::granting().token(claims);
    let refresh = format!("{person} entra-refresh {}", call.number);
    let body = json!({"token_type": "Bearer", "expires_in": LIFE, "access_token": token, "refresh_token": refresh});
    status(200, &[("content-type", "application/json")], &body.to_string())
}

pub(in crate::proxy) async fn send(proxy: &Proxy, method: &str, path: &str, pairs: &[(&str, &str)]) -> Seen {
    let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = Request::builder().method(method).uri(path);
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = proxy.clone().oneshot(request.body(Full::<Bytes>::from(form)).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Seen { status: head.status.as_u16(), headers: head.headers, text }
}

pub(in crate::proxy) async fn redeem(proxy: &Proxy, code: &str) -> Seen {
    redeem_with(proxy, code, VERIFIER).await
}

async fn redeem_with(proxy: &Proxy, code: &str, verifier: &str) -> Seen {
    let pairs =
        [("grant_type", "authorization_code"), ("client_id", CLIENT), ("code", code), ("code_verifier", verifier)];
    send(proxy, "POST", "/token", &pairs).await
}

pub(in crate::proxy) async fn refresh(proxy: &Proxy, token: &str) -> Seen {
    let pairs = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)];
    send(proxy, "POST", "/token", &pairs).await
}

pub(in crate::proxy) async fn revoke(proxy: &Proxy, token: &str) -> Seen {
    send(proxy, "POST", "/revoke", &[("client_id", CLIENT), ("token", token)]).await
}

/// Begins a session, and returns its refresh token.
pub(in crate::proxy) async fn session(origin: &Origin, proxy: &Proxy, person: &str, tab: &str) -> String {
    redeem(proxy, &origin.code(person, tab)).await.refresh_token()
}

/// An Entra that fails as often as this says, and grants from then on.
fn failing(times: usize) -> impl Fn(Call) -> Answering + Send + Sync + 'static {
    move |call| {
        Box::pin(ready(if call.number < times { status(503, &[("retry-after", "7")], "") } else { granted(&call) }))
    }
}
