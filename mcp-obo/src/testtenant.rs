//! A tenant without a network, for the crate's own tests: real tokens, and an Entra that the test writes and counts.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use aws_lc_rs::{
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use mcp_auth_layer::{
    EntraApp, VerifiedToken,
    authority::Endpoints,
    clock::{FixedClock, UnixTime},
    cloud::Cloud,
    fetch::HttpClient,
    keys::FixedKeys,
    principal::UserId,
    tenant::TenantId,
    token::BearerToken,
    verify::Verifier,
};
use serde_json::{Value, json};

use crate::{ClientSecret, Exchange, Target};

pub(crate) const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
pub(crate) const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const NOW: u64 = 1_800_000_000;
/// As long as a real one.
pub(crate) const SECRET: &str = "8Q~SECRETSECRETSECRETSECRETSECRETSECRET01";
/// How long tokens live here: 75 minutes, Entra's average.
pub(crate) const LIFE: u64 = 4_500;

/// One request that reached the token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) number: usize,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) form: HashMap<String, String>,
}

impl Call {
    /// Returns the name of the user whose assertion was sent.
    pub(crate) fn user(&self) -> String {
        let claims = self.form["assertion"].split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        claims["oid"].as_str().unwrap().to_owned()
    }
}

pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;
type Script = dyn Fn(Call) -> Answering + Send + Sync;

/// The token endpoint.
#[derive(Clone)]
pub(crate) struct Entra {
    script: Arc<Script>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Entra {
    fn http(self) -> HttpClient {
        HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
            let answering = (self.script)(self.record(&request));
            async { Ok::<_, Infallible>(answering.await) }
        }))
    }

    fn record(&self, request: &Request<Bytes>) -> Call {
        let mut calls = self.calls.lock().unwrap();
        let call = Call {
            number: calls.len(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
            form: url::form_urlencoded::parse(request.body()).into_owned().collect(),
        };
        calls.push(call.clone());
        call
    }
}

/// An app in a tenant, its users, and what reached its token endpoint.
pub(crate) struct Tenant {
    pub(crate) app: EntraApp,
    pub(crate) verifier: Verifier,
    pub(crate) clock: FixedClock,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Tenant {
    /// Makes a tenant in which every exchange succeeds.
    pub(crate) fn granting() -> Self {
        Self::answering(|call| Box::pin(ready(granted(call.number))))
    }

    /// Makes a tenant whose token endpoint takes its time for every answer.
    pub(crate) fn answering_after(
        delay: Duration,
        answer: impl Fn(Call) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self::answering(move |call| {
            let answer = answer(call);
            Box::pin(async move {
                tokio::time::sleep(delay).await;
                answer
            })
        })
    }

    /// Makes a tenant whose token endpoint answers by a script.
    pub(crate) fn answering(script: impl Fn(Call) -> Answering + Send + Sync + 'static) -> Self {
        let clock = FixedClock::at(UnixTime::from_secs(NOW));
        let calls = Arc::default();
        let entra = Entra { script: Arc::new(script), calls: Arc::clone(&calls) };
        let endpoints = Endpoints::documented(Cloud::Public, TenantId::parse(TENANT).unwrap());
        let app = EntraApp::single_tenant_over(entra.http(), TENANT, CLIENT).unwrap();
        let app = app.with_clock(clock.clone()).with_endpoints(endpoints).unwrap();
        let verifier = Verifier::entra(&app).with_keys(FixedKeys::from_jwks(&key().jwks()).unwrap());
        Self { app, verifier, clock, calls }
    }

    /// Makes an exchange with an empty cache, for Microsoft Graph.
    pub(crate) fn exchange(&self) -> Exchange {
        Exchange::new(&self.app, ClientSecret::new(SECRET)).add_target(&Target::graph())
    }

    /// Signs and verifies a fresh token of this user.
    pub(crate) async fn user(&self, name: &str) -> VerifiedToken {
        self.verified(json!({"oid": name, "scp": "access_as_user"})).await
    }

    /// Signs and verifies a token of an application.
    pub(crate) async fn application(&self) -> VerifiedToken {
        self.verified(json!({"oid": "daemon", "sub": "daemon", "roles": ["Tasks.Run"]})).await
    }

    pub(crate) async fn verified(&self, claims: Value) -> VerifiedToken {
        self.verifier.verify(BearerToken::new(&self.token(claims))).await.unwrap()
    }

    /// Signs a fresh token with these claims among the usual ones.
    pub(crate) fn token(&self, more: Value) -> String {
        use mcp_auth_layer::clock::Clock as _;
        let now = self.clock.now().as_secs();
        let mut claims = json!({
            "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "aud": CLIENT, "ver": "2.0", "tid": TENANT,
            "azp": CLIENT, "sub": "pairwise", "iat": now, "nbf": now, "exp": now + LIFE, "uti": uuid::Uuid::new_v4().to_string(),
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        key().sign(&claims)
    }

    /// Returns what reached the token endpoint so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn exchanges(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

pub(crate) fn user_id(name: &str) -> UserId {
    UserId::new(TenantId::parse(TENANT).unwrap(), name)
}

/// Success, with a token that tells which call it came from.
pub(crate) fn granted(number: usize) -> Response<Bytes> {
    json_answer(200, &json!({"token_type": "Bearer", "expires_in": LIFE, "access_token": token_text(number)}))
}

pub(crate) fn token_text(number: usize) -> String {
    format!("downstream-token-number-{number}-{}", "t".repeat(1_000))
}

/// A refusal as Entra writes it.
pub(crate) fn refused(error: &str, code: u32, more: Value) -> Response<Bytes> {
    let mut body = json!({
        "error": error, "error_description": format!("AADSTS{code}: words. Trace ID: x Correlation ID: y"), "error_codes": [code],
        "timestamp": "2026-11-21 05:00:00Z", "trace_id": "aaaaaaaa-0000-0000-0000-000000000001",
        "correlation_id": "bbbbbbbb-0000-0000-0000-000000000002",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json_answer(if error == "invalid_client" { 401 } else { 400 }, &body)
}

pub(crate) const CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

/// Multi-factor authentication, as it arrives in real traffic.
pub(crate) fn step_up() -> Response<Bytes> {
    refused("invalid_grant", 50_076, json!({"suberror": "basic_action", "claims": CLAIMS}))
}

pub(crate) fn status(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Bytes::from(body.to_owned())).unwrap()
}

fn json_answer(code: u16, body: &Value) -> Response<Bytes> {
    status(code, &[("content-type", "application/json")], &body.to_string())
}

/// Finds what a caller sees of a failure, by the table in a module's documentation.
pub(crate) fn seen_according_to<'a>(source: &'a str, failure: &str) -> &'a str {
    let name = format!("`{failure}`");
    let is_row = |line: &&str| line.starts_with("//! | `") && line.contains(&name);
    let rows: Vec<_> = source.lines().filter(is_row).collect();
    let [row] = rows[..] else { panic!("{failure} stands in {} rows", rows.len()) };
    row.split('|').nth(2).unwrap().trim()
}

/// Lets every task that can run do so; with the clock paused nothing else moves.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

struct Key(RsaKeyPair);

/// One key for all tests: drawing one takes a while.
fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| Key(KeyPair::generate(KeySize::Rsa2048).unwrap()))
}

impl Key {
    fn jwks(&self) -> String {
        let n = URL_SAFE_NO_PAD.encode(self.0.public_key().modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(self.0.public_key().exponent().big_endian_without_leading_zero());
        json!({"keys": [{"kty": "RSA", "use": "sig", "kid": "test", "n": n, "e": e}]}).to_string()
    }

    fn sign(&self, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&json!({"alg": "RS256", "typ": "JWT", "kid": "test"})), encode(claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        self.0.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
