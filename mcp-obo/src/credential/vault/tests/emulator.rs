//! From the vault to the user's token, at a vault and a tenant that refuse what the real ones do.

use entra_emulator::{
    API_CLIENT_ID, CertificateFormat, ClientCertificate, Config, Emulator, SYSTEM_ASSIGNED_CLIENT_ID, TENANT_ID,
    TokenSpec, USER_ASSIGNED_CLIENT_ID, VaultCertificate,
};
use mcp_auth_layer::{
    EntraApp, VerifiedToken,
    clock::{Clock as _, FixedClock, SystemClock},
    fetch::FetchLimits,
    token::BearerToken,
    verify::Verifier,
};

use super::*;
use crate::{Exchange, ExchangeErrorKind};

/// The identity that the service runs as.
#[derive(Clone, Debug)]
struct Identity {
    http: HttpClient,
    url: String,
}

impl Identity {
    async fn fetch(&self, target: &Target) -> AccessToken {
        let url = format!("{}&resource={}", self.url, target.resource());
        let request = Request::get(url).header("metadata", "true").body(Bytes::new()).unwrap();
        let answer: Value = serde_json::from_slice(self.http.send(request).await.unwrap().body()).unwrap();
        AccessToken::new(answer["access_token"].as_str().unwrap().into(), UnixTime::from_secs(u64::MAX))
    }
}

impl TokenSource for Identity {
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(async { Ok(self.fetch(target).await) })
    }

    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        _: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        self.token(target)
    }

    fn invalidate(&self, _: &Target, _: &AccessToken) {}
}

struct Tenant {
    emulator: Emulator,
    app: EntraApp,
    clock: FixedClock,
    alice: VerifiedToken,
}

impl Tenant {
    async fn start(config: Config) -> Self {
        let emulator = Emulator::start(config).await.unwrap();
        let app = EntraApp::single_tenant(TENANT_ID, API_CLIENT_ID).unwrap();
        let clock = FixedClock::at(SystemClock.now());
        let app = app.with_authority_host(&emulator.http_url()).unwrap().with_clock(clock.clone());
        let token = BearerToken::new(&emulator.mint(TokenSpec::user("alice")));
        let alice = Verifier::entra(&app).verify(token).await.unwrap();
        Self { emulator, app, clock, alice }
    }

    fn vault_as(&self, client_id: &str) -> KeyVault {
        let http = HttpClient::reqwest(FetchLimits::default()).unwrap();
        let base = self.emulator.http_url();
        let url = format!("{base}/metadata/identity/oauth2/token?api-version=2018-02-01&client_id={client_id}");
        KeyVault::new(&base, Cloud::Public, Identity { http, url }).unwrap()
    }

    fn vault(&self) -> KeyVault {
        self.vault_as(USER_ASSIGNED_CLIENT_ID)
    }

    /// A new exchange each time, which has no token in its cache.
    async fn exchange(&self, credential: impl Into<crate::ClientCredentials>) -> Result<(), ExchangeErrorKind> {
        let exchange = Exchange::new(&self.app, credential).add_target(&Target::graph());
        exchange.token(&self.alice, &Target::graph()).await.map(|_| ()).map_err(|error| error.kind())
    }
}

fn exportable(made: &ClientCertificate, format: CertificateFormat) -> VaultCertificate {
    VaultCertificate::new(made.clone(), format)
}

#[tokio::test]
async fn every_form_in_a_vault_gets_the_users_token() {
    let made = ClientCertificate::generate();
    let config = Config::default()
        .with_certificate(made.certificate_pem())
        .with_vault_certificate("pem", exportable(&made, CertificateFormat::Pem))
        .with_vault_certificate("pfx", exportable(&made, CertificateFormat::Pkcs12))
        .with_vault_certificate("kept", exportable(&made, CertificateFormat::Pem).not_exportable())
        .with_vault_secret("json", made.private_key_json().as_str())
        .with_vault_secret("key", made.private_key_pem())
        .with_vault_secret("line", made.private_key_pem().replace('\n', "\\n").as_str());
    let tenant = Tenant::start(config).await;
    let vault = tenant.vault();
    let secret = |name: &str| KeyVaultCertificate::from_secret(&vault, name).unwrap();
    let kept = || KeyVaultCertificate::from_certificate(&vault, "kept").unwrap();
    let (sha1, sha256) = (made.sha1_thumbprint().parse().unwrap(), made.sha256_thumbprint().parse().unwrap());
    for (name, credential) in [
        ("PEM", secret("pem")),
        #[cfg(feature = "pfx")]
        ("PKCS#12", secret("pfx")),
        ("PEM with its chain", secret("pem").with_x5c()),
        ("JSON and SHA-1", secret("json").with_thumbprint(sha1)),
        ("a key and SHA-1", secret("key").with_thumbprint(sha1)),
        ("a key and SHA-256", secret("key").with_thumbprint(sha256)),
        ("a key in one line", secret("line").with_thumbprint(sha256)),
        ("signed in the vault", kept()),
        ("signed in the vault, RS256", kept().with_rs256()),
    ] {
        assert_eq!(tenant.exchange(credential).await, Ok(()), "{name}");
    }
    let counters = tenant.emulator.counters();
    assert_eq!((counters.vault_certificates, counters.vault_signatures), (2, 2));
}

#[tokio::test]
async fn a_new_version_is_found_as_soon_as_entra_refuses_the_old_one() {
    let (old, new) = (ClientCertificate::generate(), ClientCertificate::generate());
    let config = Config::default()
        .with_certificate(new.certificate_pem())
        .with_vault_certificate("graph", exportable(&old, CertificateFormat::Pem));
    let tenant = Tenant::start(config).await;
    let credential = KeyVaultCertificate::from_secret(&tenant.vault(), "graph").unwrap();
    let credential = crate::ClientCredentials::of(credential);
    assert_eq!(tenant.exchange(credential.clone()).await, Err(ExchangeErrorKind::ClientCredential));
    tenant.emulator.control().put_certificate("graph", exportable(&new, CertificateFormat::Pem));
    // Ten seconds after it was read, not at once: a certificate that is refused for ever costs no reading each time.
    assert_eq!(tenant.exchange(credential.clone()).await, Err(ExchangeErrorKind::ClientCredential));
    tenant.clock.advance(Duration::from_secs(10));
    assert_eq!(tenant.exchange(credential).await, Ok(()));
}

#[tokio::test]
async fn who_may_not_read_and_what_is_not_there_is_said() {
    let made = ClientCertificate::generate();
    let config = Config::default().with_vault_certificate("graph", exportable(&made, CertificateFormat::Pem));
    let tenant = Tenant::start(config).await;
    let stranger = tenant.vault_as(SYSTEM_ASSIGNED_CLIENT_ID);
    for (name, credential, reason) in [
        ("stranger", KeyVaultCertificate::from_secret(&stranger, "graph"), "role `Key Vault Secrets User`"),
        ("another name", KeyVaultCertificate::from_secret(&tenant.vault(), "other"), "nothing by this name"),
        ("kept there", KeyVaultCertificate::from_certificate(&stranger, "graph"), "`Key Vault Certificate User`"),
    ] {
        let why = why(at(&credential.unwrap(), NOW).await);
        assert!(why.contains(reason), "{name}: {why}");
    }
    let version = tenant.emulator.control().put_certificate("graph", exportable(&made, CertificateFormat::Pem));
    assert!(tenant.emulator.control().disable_version("graph", &version));
    let disabled = KeyVaultCertificate::from_secret(&tenant.vault(), "graph").unwrap();
    assert!(why(at(&disabled, NOW).await).contains("disabled"));
}
