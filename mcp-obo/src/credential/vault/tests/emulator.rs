//! From the vault to the user's token, at a vault and a tenant that refuse what the real ones do.

use entra_emulator::{
    API_CLIENT_ID, CertificateFormat, ClientCertificate, Config, Emulator, Fault, Place, TENANT_ID, TokenSpec,
    VaultCertificate,
};
use mcp_auth_layer::{
    EntraApp, VerifiedToken,
    clock::{Clock as _, FixedClock, SystemClock},
    token::BearerToken,
    verify::Verifier,
};

use super::*;
use crate::{ClientSecret, Exchange, ExchangeErrorKind, HostingIdentity};

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

    /// The vault, asked by the app itself with its secret: it is one of those who may read.
    fn vault(&self) -> KeyVault {
        let target = KeyVault::target_in(Cloud::Public).unwrap();
        let secret = ClientSecret::new(self.emulator.api_app().client_secret());
        let tokens = HostingIdentity::service_principal(&self.app, secret).add_target(&target);
        KeyVault::new(&self.emulator.http_url(), Cloud::Public, tokens).unwrap()
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
    let secret = |name: &str| KeyVaultCertificate::from_secret(&tenant.vault(), name).unwrap();
    let certificate = || KeyVaultCertificate::from_certificate(&tenant.vault(), "graph").unwrap();
    assert!(why(at(&secret("other"), NOW).await).contains("nothing by this name"));

    let control = tenant.emulator.control();
    for (name, credential, fault, reason) in [
        ("no role", secret("graph"), Fault::Forbidden, "role `Key Vault Secrets User`"),
        ("no role, public half", certificate(), Fault::Forbidden, "role `Key Vault Certificate User`"),
        ("throttled", secret("graph"), Fault::Throttled(1), "asked too often"),
    ] {
        control.set_fault(Place::Vault, API_CLIENT_ID, fault);
        let why = why(at(&credential, NOW).await);
        assert!(why.contains(reason), "{name}: {why}");
    }
    control.clear_fault(Place::Vault, API_CLIENT_ID);
    at(&certificate(), NOW).await.unwrap();

    let version = control.put_certificate("graph", exportable(&made, CertificateFormat::Pem));
    assert!(control.disable_version("graph", &version));
    assert!(why(at(&secret("graph"), NOW).await).contains("disabled"));
    assert!(why(at(&certificate(), NOW).await).contains("disabled"), "the key, which is asked to sign");
}
