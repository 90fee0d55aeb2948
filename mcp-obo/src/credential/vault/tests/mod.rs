//! A vault without a network, which the test writes and counts.

#[cfg(feature = "reqwest")]
mod emulator;
mod keeping;
mod refusals;
mod secrets;
mod signing;

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use mcp_auth_layer::{clock::UnixTime, cloud::Cloud, fetch::HttpClient};
use serde_json::{Value, json};

use super::*;
use crate::{
    AccessToken, Target,
    boxed::BoxFuture,
    credential::{ClientAuth, ClientContext, ClientCredential, CredentialError},
    error::ExchangeError,
    testcertificate::TestKey,
    testtenant::{CLIENT, NOW, status},
};

const URL: &str = "https://contoso.vault.azure.net";

/// Gets tokens that are numbered, and remembers what it was told.
#[derive(Clone, Debug, Default)]
struct Tokens {
    issued: Arc<AtomicUsize>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Tokens {
    fn issue(&self) -> AccessToken {
        let number = self.issued.fetch_add(1, Ordering::SeqCst);
        AccessToken::new(format!("vault-token-{number}").into(), UnixTime::from_secs(NOW + 3_600))
    }

    fn note(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }
}

impl TokenSource for Tokens {
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        assert_eq!(target.scope(), "https://vault.azure.net/.default");
        Box::pin(async { Ok(self.issue()) })
    }

    fn token_with_claims<'a>(
        &'a self,
        _: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        self.note(format!("claims {challenge}"));
        Box::pin(async { Ok(self.issue()) })
    }

    fn invalidate(&self, _: &Target, spent: &AccessToken) {
        self.note(format!("spent {}", spent.expose_secret()));
    }
}

type Script = dyn Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync;

/// What the vault answers may change at any time; each answer takes a tenth of a second.
#[derive(Clone)]
struct Vault {
    script: Arc<Mutex<Arc<Script>>>,
    requests: Arc<Mutex<Vec<String>>>,
    tokens: Tokens,
}

impl Vault {
    fn answering(script: impl Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        let script: Arc<Script> = Arc::new(script);
        Self { script: Arc::new(Mutex::new(script)), requests: Arc::default(), tokens: Tokens::default() }
    }

    /// Holds this text as a secret.
    fn holding(value: impl Into<String>) -> Self {
        let value = value.into();
        Self::answering(move |_| secret(&value))
    }

    fn answer(&self, script: impl Fn(&Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    fn hold(&self, value: impl Into<String>) {
        let value = value.into();
        self.answer(move |_| secret(&value));
    }

    fn http(&self) -> HttpClient {
        let vault = self.clone();
        HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
            let vault = vault.clone();
            async move {
                assert_eq!(request.uri().host(), Some("contoso.vault.azure.net"), "a token goes nowhere else");
                assert!(request.headers()["authorization"].is_sensitive());
                let token = request.headers()["authorization"].to_str().unwrap().trim_start_matches("Bearer ");
                let line = format!("{} {} {token}", request.method(), request.uri().path_and_query().unwrap());
                vault.requests.lock().unwrap().push(line);
                let script = Arc::clone(&vault.script.lock().unwrap());
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok::<_, Infallible>(script(&request))
            }
        }))
    }

    fn vault(&self) -> KeyVault {
        KeyVault::over(self.http(), URL, Cloud::Public, self.tokens.clone()).unwrap()
    }

    fn secret(&self) -> KeyVaultCertificate {
        KeyVaultCertificate::from_secret(&self.vault(), "graph").unwrap()
    }

    fn certificate(&self) -> KeyVaultCertificate {
        KeyVaultCertificate::from_certificate(&self.vault(), "graph").unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn secret(value: &str) -> Response<Bytes> {
    status(200, &[], &json!({ "value": value, "id": format!("{URL}/secrets/graph/1") }).to_string())
}

async fn at(credential: &KeyVaultCertificate, now: u64) -> Result<ClientAuth, CredentialError> {
    let endpoint = Uri::from_static("https://login.example/token");
    credential.authenticate(&ClientContext::new(CLIENT, &endpoint, UnixTime::from_secs(now))).await
}

/// Returns the header of an assertion, after a check of its signature by a library that had no part in making it.
fn header(auth: &ClientAuth, key: &TestKey) -> jsonwebtoken::Header {
    let fields = auth.fields();
    let (_, jwt) = fields.iter().find(|(name, _)| *name == "client_assertion").unwrap();
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    let key = jsonwebtoken::DecodingKey::from_rsa_der(key.public());
    assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, header.alg).unwrap());
    header
}

fn why(result: Result<ClientAuth, CredentialError>) -> String {
    result.unwrap_err().to_string()
}

/// Lets what was begun in the background end.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

fn claims_of(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap()
}
