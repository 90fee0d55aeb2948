//! A tenant without a network: tokens of any number of users, and a token endpoint that answers at once and counts.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use bytes::Bytes;
use http::{Request, Response};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mcp_auth_layer::{
    EntraApp, VerifiedToken, authority::Endpoints, cloud::Cloud, fetch::HttpClient, keys::FixedKeys, tenant::TenantId,
    token::BearerToken, verify::Verifier,
};
use mcp_obo::{ClientSecret, Exchange, Target};
use serde_json::json;

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

/// How long the downstream tokens are: about what Entra writes for Graph and a handful of scopes.
pub const DOWNSTREAM_TOKEN: usize = 1_800;

/// An app in a tenant, with its signing key.
pub struct Tenant {
    app: EntraApp,
    verifier: Verifier,
    signer: EncodingKey,
    exchanges: Arc<AtomicU64>,
}

impl Tenant {
    /// Makes a tenant; draws a new RSA-2048 key.
    ///
    /// # Panics
    /// When the machine cannot draw a key; a bench has no better answer.
    #[must_use]
    pub fn new() -> Self {
        let exchanges = Arc::new(AtomicU64::new(0));
        let tenant = TenantId::parse(TENANT).expect("a GUID");
        let app = EntraApp::single_tenant_over(token_endpoint(Arc::clone(&exchanges)), TENANT, CLIENT)
            .and_then(|app| app.with_endpoints(Endpoints::documented(Cloud::Public, tenant)))
            .expect("a good configuration");
        let (signer, jwks) = key();
        let keys = FixedKeys::from_jwks(&jwks).expect("one RSA key");
        Self { verifier: Verifier::entra(&app).with_keys(keys), app, signer, exchanges }
    }

    /// Makes an exchange with an empty cache.
    #[must_use]
    pub fn exchange(&self) -> Exchange {
        Exchange::new(&self.app, ClientSecret::new("not a secret")).add_target(&Target::graph())
    }

    /// Returns what verifies this tenant's tokens.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
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
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let claims = json!({
            "aud": CLIENT, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "iat": now, "nbf": now,
            "exp": now + 4_500, "aio": "x".repeat(120), "azp": CLIENT, "azpacr": "1", "name": format!("User {number}"),
            "oid": format!("00000000-0000-0000-0000-{number:012}"), "preferred_username": format!("u{number}@contoso.example"),
            "groups": (0..8).map(|group| format!("{group:08}-0000-0000-0000-{number:012}")).collect::<Vec<_>>(),
            "rh": "y".repeat(60), "scp": "access_as_user", "sub": "z".repeat(43), "tid": TENANT, "uti": "w".repeat(22), "ver": "2.0",
        });
        let header = Header { kid: Some("bench".to_owned()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, &claims, &self.signer).expect("the key signs")
    }

    /// Returns how many exchanges reached the token endpoint.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant").field("app", &self.app).finish_non_exhaustive()
    }
}

fn token_endpoint(exchanges: Arc<AtomicU64>) -> HttpClient {
    HttpClient::new(tower::service_fn(move |_: Request<Bytes>| {
        let number = exchanges.fetch_add(1, Ordering::Relaxed);
        async move {
            // One turn of the scheduler, as any real answer takes at least.
            tokio::task::yield_now().await;
            let token = format!("{number:020}{}", "t".repeat(DOWNSTREAM_TOKEN - 20));
            let answer =
                json!({"token_type": "Bearer", "expires_in": 4_500, "scope": ".default", "access_token": token});
            Ok::<_, Infallible>(Response::new(Bytes::from(answer.to_string())))
        }
    }))
}

fn key() -> (EncodingKey, String) {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("RSA keys can be drawn");
    let jwk = {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let n = URL_SAFE_NO_PAD.encode(pair.public_key().modulus().big_endian_without_leading_zero());
        let e = URL_SAFE_NO_PAD.encode(pair.public_key().exponent().big_endian_without_leading_zero());
        json!({"kty": "RSA", "use": "sig", "kid": "bench", "n": n, "e": e})
    };
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).expect("the key can be written");
    let pem = pem_of(der.as_ref());
    (EncodingKey::from_rsa_pem(pem.as_bytes()).expect("PKCS#8 is understood"), json!({"keys": [jwk]}).to_string())
}

fn pem_of(der: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
