//! Every credential that the app may have, from the variable to the messages, over https with the tenant's own CA.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use entra_emulator::{
    API_CLIENT_ID, CertificateFormat, ClientCertificate, Config, Counters, Emulator, Fault, Place,
    SYSTEM_ASSIGNED_OBJECT_ID, TENANT_ID, TokenSpec, USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID,
    VaultCertificate, VaultSecret,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time;

use crate::support::{Answer, Era, client, program::Program, request};

const SUBJECT: &str = "system:serviceaccount:prod:message-center";

/// A day in 2001, in seconds since the Unix epoch.
const ENDED: i64 = 1_000_080_000;

/// A tenant without a secret of the app, the program in front of it, and a folder for both.
struct Set {
    emulator: Emulator,
    folder: TempDir,
}

impl Set {
    async fn up(config: Config) -> Self {
        Self { emulator: Emulator::start(config).await.unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Starts the program with these credentials, calls it once, and returns its answer and what the tenant has counted.
    async fn call(&self, credentials: &[(&str, &str)]) -> (Answer, Counters) {
        let program = self.program(credentials).await;
        let answer = self.call_at(&program).await;
        (answer, self.emulator.counters())
    }

    async fn program(&self, credentials: &[(&str, &str)]) -> Program {
        let (authority, graph) = (self.emulator.https_url(), format!("{}/v1.0", self.emulator.https_url()));
        let (ca, endpoint) = (self.write("ca.pem", self.emulator.ca_pem()), self.emulator.identity_endpoint());
        let mut variables = vec![
            ("MCP_ENV", "development"),
            ("GRAPH_TENANT_ID", TENANT_ID),
            ("GRAPH_CLIENT_ID", API_CLIENT_ID),
            ("AZURE_AUTHORITY_HOST", &*authority),
            ("GRAPH_BASE_URL", &graph),
            ("SSL_CERT_FILE", &ca),
            // As App Service sets them, also where nobody uses them.
            ("IDENTITY_ENDPOINT", &endpoint),
            ("IDENTITY_HEADER", self.emulator.identity_header()),
        ];
        variables.extend(credentials);
        Program::start(&[], &variables, None).await.serving().await
    }

    async fn call_at(&self, program: &Program) -> Answer {
        let token = self.emulator.mint_over_https(TokenSpec::user("alice"));
        let call = json!({"name": "getMessages", "arguments": {"top": 1}});
        let request = request(&client(), &program.base, Era::Modern, "tools/call", call).bearer_auth(token);
        Answer::of(request.send().await.unwrap()).await
    }
}

#[tokio::test]
async fn a_certificate_in_a_file_of_either_form_proves_the_app() {
    let certificate = ClientCertificate::generate();
    let set = Set::up(Config::default().with_certificate(certificate.certificate_pem())).await;
    let pem = set.write("app.pem", format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem()));
    let pfx = set.write("app.pfx", certificate.pkcs12("a word"));
    for (number, credentials) in [
        &[("GRAPH_CLIENT_CERT_PATH", &*pem)][..],
        &[("GRAPH_CLIENT_CERT_PATH", &pfx), ("GRAPH_CLIENT_CERT_PASSWORD", "a word")],
    ]
    .into_iter()
    .enumerate()
    {
        let (answer, counters) = set.call(credentials).await;
        answer.result();
        assert_eq!((counters.by_certificate, counters.by_secret), (number as u64 + 1, 0));
    }
}

#[tokio::test]
async fn a_certificate_that_is_trusted_for_its_subject_comes_along_when_asked() {
    let certificate = ClientCertificate::generate();
    let trusted =
        Config::default().with_trusted_subject("CN=entra-emulator\\, for tests only", certificate.certificate_pem());
    let set = Set::up(trusted).await;
    let pem = set.write("app.pem", format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem()));
    let path = ("GRAPH_CLIENT_CERT_PATH", &*pem);
    let (answer, _) = set.call(&[path, ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true")]).await;
    answer.result();
    assert_eq!(set.call(&[path]).await.0.failure()["kind"], "client_credential");
}

#[tokio::test]
async fn a_key_in_the_vault_proves_the_app_as_a_copy_or_from_afar() {
    let (copied, remote, old) =
        (ClientCertificate::generate(), ClientCertificate::generate(), ClientCertificate::generate());
    let pem = format!("{}{}", copied.certificate_pem(), copied.private_key_pem());
    let config = [&copied, &remote, &old]
        .iter()
        .fold(Config::default(), |config, certificate| config.with_certificate(certificate.certificate_pem()));
    let config = config
        .with_vault_secret("copied", VaultSecret::new(pem).content_type("application/x-pem-file"))
        .with_vault_secret("reference", VaultSecret::new(old.private_key_json()))
        .with_vault_certificate("exported", VaultCertificate::new(copied.clone(), CertificateFormat::Pkcs12))
        .with_vault_certificate("remote", VaultCertificate::new(remote, CertificateFormat::Pem).not_exportable());
    let set = Set::up(config).await;
    let (vault, thumbprint) = (set.emulator.https_url(), old.sha1_thumbprint());
    let vault = ("GRAPH_CLIENT_CERT_KEYVAULT_URL", &*vault);
    let reader = ("AZURE_CLIENT_ID", USER_ASSIGNED_CLIENT_ID);
    for (name, credentials, signatures) in [
        ("PEM as a secret", &[vault, reader, ("GRAPH_CLIENT_CERT_SECRET_NAME", "copied")][..], 0),
        ("PKCS#12 as a secret", &[vault, reader, ("GRAPH_CLIENT_CERT_SECRET_NAME", "exported")], 0),
        (
            "the reference server's form",
            &[
                vault,
                reader,
                ("GRAPH_CLIENT_CERT_SECRET_NAME", "reference"),
                ("GRAPH_CLIENT_CERT_THUMBPRINT", &thumbprint),
            ],
            0,
        ),
        ("a key that never leaves the vault", &[vault, reader, ("GRAPH_CLIENT_CERT_NAME", "remote")], 1),
    ] {
        set.emulator.control().reset_counters();
        let (answer, counters) = set.call(credentials).await;
        answer.result();
        assert_eq!((counters.by_certificate, counters.vault_signatures), (1, signatures), "{name}");
        assert_eq!(counters.managed_identity_tokens[USER_ASSIGNED_CLIENT_ID], 1, "{name}: who reads the vault");
    }
}

#[tokio::test]
async fn a_user_assigned_identity_proves_the_app_and_another_does_not() {
    let config = Config::default().with_federated_managed_identity(USER_ASSIGNED_OBJECT_ID);
    let set = Set::up(config.with_federated_managed_identity(SYSTEM_ASSIGNED_OBJECT_ID)).await;
    let (answer, counters) = set.call(&[("GRAPH_CLIENT_MANAGED_IDENTITY", USER_ASSIGNED_CLIENT_ID)]).await;
    answer.result();
    assert_eq!((counters.by_federated_token, counters.managed_identity_tokens[USER_ASSIGNED_CLIENT_ID]), (1, 1));
}

#[tokio::test]
async fn a_workloads_file_proves_the_app_and_is_read_again() {
    let set = Set::up(Config::default().with_federated_workload(SUBJECT)).await;
    let file = set.path("token");
    set.emulator.write_workload_token(&file, "system:serviceaccount:prod:other", 3_600).unwrap();
    let program = set.program(&[("AZURE_FEDERATED_TOKEN_FILE", &file)]).await;
    assert_eq!(set.call_at(&program).await.failure()["kind"], "client_credential");
    set.emulator.write_workload_token(&file, SUBJECT, 3_600).unwrap();
    // A refused credential is not shown again for some seconds, to anybody; the program's time is the real one.
    let mut answer = set.call_at(&program).await;
    for _ in 0..120 {
        if answer.json()["result"]["isError"] != Value::Bool(true) {
            break;
        }
        assert_eq!(answer.failure()["kind"], "client_credential");
        time::sleep(Duration::from_millis(250)).await;
        answer = set.call_at(&program).await;
    }
    answer.result();
    assert_eq!(set.emulator.counters().by_federated_token, 1);
}

#[tokio::test]
async fn the_next_credential_is_used_when_one_is_refused() {
    let certificate = ClientCertificate::generate();
    let config = Config::default()
        .with_certificate(certificate.certificate_pem())
        .with_federated_managed_identity(USER_ASSIGNED_OBJECT_ID);
    let set = Set::up(config).await;
    let pem = set.write("app.pem", format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem()));
    set.emulator.control().set_fault(Place::ClientCertificate, API_CLIENT_ID, Fault::Code(7_000_277));
    let (answer, counters) = set
        .call(&[
            ("GRAPH_CLIENT_SECRET", "one that has been renewed since"),
            ("GRAPH_CLIENT_CERT_PATH", &pem),
            ("GRAPH_CLIENT_MANAGED_IDENTITY", USER_ASSIGNED_CLIENT_ID),
        ])
        .await;
    answer.result();
    // The certificate was good, and its registration was not: the tenant counts it before it refuses.
    assert_eq!((counters.by_secret, counters.by_certificate, counters.by_federated_token), (0, 1, 1));
}

#[tokio::test]
async fn an_expired_certificate_is_no_reason_to_get_requests() {
    let certificate = ClientCertificate::valid_between(ENDED - 86_400, ENDED);
    let set = Set::up(Config::default().with_certificate(certificate.certificate_pem())).await;
    let pem = set.write("app.pem", format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem()));
    let program = set.program(&[("GRAPH_CLIENT_CERT_PATH", &pem)]).await;
    let ready = Answer::of(client().get(format!("{}/readyz", program.base)).send().await.unwrap()).await;
    assert_eq!((ready.status, &ready.json()["reasons"]), (503, &json!(["credential_expired"])));
    assert_eq!(ready.json()["credentials"][0]["endsAt"], ENDED);
}

#[tokio::test]
async fn a_certificate_that_ends_within_thirty_days_is_announced_at_the_start() {
    let day = |days: u64| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        i64::try_from(now + days * 86_400).unwrap()
    };
    for (left, announced) in [(20, true), (40, false)] {
        let certificate = ClientCertificate::valid_between(ENDED, day(left));
        let set = Set::up(Config::default().with_certificate(certificate.certificate_pem())).await;
        let pem = set.write("app.pem", format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem()));
        let program = set.program(&[("GRAPH_CLIENT_CERT_PATH", &pem)]).await;
        let ready = Answer::of(client().get(format!("{}/readyz", program.base)).send().await.unwrap()).await;
        assert_eq!(ready.status, 200, "{left} days are left: {ready:?}");
        program.terminate().await;
        let told = program.end().await.stderr;
        assert_eq!(
            told.matches("certificate ends soon").count(),
            usize::from(announced),
            "{left} days are left: {told}"
        );
    }
}
