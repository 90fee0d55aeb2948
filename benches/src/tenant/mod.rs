//! A tenant without a network: tokens of any number of users, and a token endpoint that answers at once and counts.

mod endpoint;
mod key;

use std::{
    fmt, io,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_auth_layer::{
    EntraApp, VerifiedToken, authority::Endpoints, clock::Clock, cloud::Cloud, danger::assume_verified,
    keys::FixedKeys, tenant::TenantId, token::BearerToken, verify::Verifier,
};
use mcp_obo::{ClientSecret, Exchange, Target};
use serde_json::{Value, json};

pub use self::endpoint::DOWNSTREAM_TOKEN;
use self::{endpoint::Endpoint, key::Key};

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
const KID: &str = "bench";

/// An app in a tenant, with its signing key.
pub struct Tenant {
    app: EntraApp,
    verifier: Verifier,
    key: Key,
    signer: EncodingKey,
    endpoint: Arc<Endpoint>,
}

impl Tenant {
    /// Makes a tenant; draws a new RSA-2048 key.
    ///
    /// # Panics
    /// When the machine cannot draw a key; a bench has no better answer.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Key::draw())
    }

    /// Makes the tenant whose [`key`](Self::key) was handed over: drawing one costs a different time each time.
    ///
    /// # Errors
    /// When this is no such key.
    pub fn of_key(der: &[u8]) -> io::Result<Self> {
        Key::read(der).map(Self::with)
    }

    fn with(key: Key) -> Self {
        let endpoint = Arc::new(Endpoint::new());
        let tenant = TenantId::parse(TENANT).expect("a GUID");
        let app = EntraApp::single_tenant_over(Arc::clone(&endpoint).client(), TENANT, CLIENT)
            .and_then(|app| app.with_endpoints(Endpoints::documented(Cloud::Public, tenant)))
            .expect("a good configuration");
        let keys = FixedKeys::from_jwks(&key.jwks()).expect("one RSA key");
        Self { verifier: Verifier::entra(&app).with_keys(keys), app, signer: key.signer(), key, endpoint }
    }

    /// Returns the signing key as PKCS#8.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        self.key.der()
    }

    /// Returns the keys that the tenant publishes.
    #[must_use]
    pub fn jwks(&self) -> String {
        self.key.jwks()
    }

    /// Returns the public half of the key as PKCS#1.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public()
    }

    /// Makes an exchange with an empty cache.
    #[must_use]
    pub fn exchange(&self) -> Exchange {
        exchange(&self.app)
    }

    /// Makes an exchange with an empty cache and a clock of its own.
    #[must_use]
    pub fn exchange_at(&self, clock: impl Clock) -> Exchange {
        exchange(&self.app.clone().with_clock(clock))
    }

    /// Returns what verifies this tenant's tokens.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Lets the token endpoint give tokens of this length from now on.
    pub fn give(&self, length: usize) {
        self.endpoint.give(length);
    }

    /// Lets the token endpoint take so many turns of the scheduler for an answer.
    pub fn wait(&self, turns: usize) {
        self.endpoint.wait(turns);
    }

    /// Lets the token endpoint refuse from now on: the user has not consented.
    pub fn refuse(&self) {
        self.endpoint.refuse();
    }

    /// Signs and verifies a token of user `number`.
    ///
    /// # Panics
    /// When a token that was just signed is not good; then nothing measured here would mean anything.
    pub async fn user(&self, number: usize) -> VerifiedToken {
        let token = BearerToken::new(&self.token(number));
        self.verifier.verify(token).await.expect("the token is good")
    }

    /// Signs a token of user `number`, with about as many claims as Entra writes.
    ///
    /// # Panics
    /// When the key does not sign, or the clock stands before 1970.
    #[must_use]
    pub fn token(&self, number: usize) -> String {
        self.signed(&claims(number))
    }

    /// Signs a token of user 0 in which one claim is another.
    ///
    /// # Panics
    /// When the key does not sign, or the clock stands before 1970.
    #[must_use]
    pub fn token_but(&self, claim: &str, value: Value) -> String {
        let mut claims = claims(0);
        claims[claim] = value;
        self.signed(&claims)
    }

    fn signed(&self, claims: &Value) -> String {
        let header = Header { kid: Some(KID.to_owned()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.signer).expect("the key signs")
    }

    /// Returns how many exchanges reached the token endpoint.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.endpoint.asked()
    }
}

/// Takes a short unsigned token of user `number` for verified, as a service behind a verifying gateway does.
///
/// A million signatures would take half an hour, and say nothing about a cache. It lives longer than any clock is moved.
///
/// # Panics
/// When the clock stands before 1970.
#[must_use]
pub fn unsigned_user(number: usize) -> VerifiedToken {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "aud": CLIENT, "iss": issuer(), "iat": now(), "nbf": now(), "exp": 4_000_000_000_u64, "oid": oid(number),
        "scp": "access_as_user", "sub": "s", "tid": TENANT, "ver": "2.0",
    });
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": KID});
    let token = format!("{}.{}.{}", part(&header), part(&claims), URL_SAFE_NO_PAD.encode("unsigned"));
    assume_verified(BearerToken::new(&token)).expect("the claims are those of a user's token")
}

fn claims(number: usize) -> Value {
    let now = now();
    json!({
        "aud": CLIENT, "iss": issuer(), "iat": now, "nbf": now, "exp": now + 4_500, "aio": "x".repeat(120), "azp": CLIENT,
        "azpacr": "1", "name": format!("User {number}"), "oid": oid(number),
        "preferred_username": format!("u{number}@contoso.example"),
        "groups": (0..8).map(|group| format!("{group:08}-0000-0000-0000-{number:012}")).collect::<Vec<_>>(),
        "rh": "y".repeat(60), "scp": "access_as_user", "sub": "z".repeat(43), "tid": TENANT, "uti": "w".repeat(22),
        "ver": "2.0",
    })
}

fn issuer() -> String {
    format!("https://login.microsoftonline.com/{TENANT}/v2.0")
}

fn oid(number: usize) -> String {
    format!("00000000-0000-0000-0000-{number:012}")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

fn exchange(app: &EntraApp) -> Exchange {
    Exchange::new(app, ClientSecret::new("not a secret")).add_target(&Target::graph())
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("app", &self.app).finish_non_exhaustive()
    }
}
