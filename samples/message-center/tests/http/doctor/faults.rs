//! One fault at a time: the first that is named is the one that was made.

use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, ClientCertificate, Config, NetworkFault, TokenSpec, USER_ASSIGNED_CLIENT_ID,
};
use local_ports::ClosedPort;
use tokio::net::TcpListener;

use super::{PASSWORD, Site, USER};
use crate::support::upstream::FullQueue;

/// A day in 2001, in seconds since the Unix epoch.
const ENDED: i64 = 1_000_080_000;

const EXPIRED: &str = "a-secret-that-has-expired";

/// A fault, which check names it first, what is seen, and a word that people search for.
type Fault<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str, &'a str, &'a str);

fn one<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(name, value)]
}

async fn each_is_named(site: &Site, faults: Vec<Fault<'_>>) {
    for (name, changes, check, seen, word) in faults {
        let said = site.examine(&changes).await;
        let first = said.first_fault();
        assert_eq!(said.json["firstFault"], check, "{name}: {first:#}");
        assert!(first["seen"].as_str().unwrap().contains(seen), "{name}: {first:#}");
        assert!(first["words"].as_array().unwrap().iter().any(|one| one == word), "{name}: {first:#}");
        for part in ["cause", "cure", "who"] {
            assert!(first[part].as_str().is_some_and(|text| !text.is_empty()), "{name}: {part}: {first:#}");
        }
        assert_eq!(said.ended.status.code(), Some(1), "{name}");
        let output = format!("{}{}", said.ended.stdout, said.ended.stderr);
        for secret in [API_CLIENT_SECRET, EXPIRED, PASSWORD, "eyJ"] {
            assert!(!output.contains(secret), "{name}: {secret}: {output}");
        }
    }
}

#[tokio::test]
async fn a_mistake_in_the_settings_is_named_first() {
    let site = Site::up(Config::default()).await;
    let not_a_ca = site.write("empty.pem", "this is no certificate\n");
    let mix = vec![("AZURE_CLOUD", "AzureUSGovernment"), ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com")];
    each_is_named(
        &site,
        vec![
            (
                "a missing variable",
                vec![("GRAPH_CLIENT_ID", "")],
                "configuration",
                "GRAPH_CLIENT_ID: not set",
                ".env.local",
            ),
            ("two clouds mixed", mix, "configuration", "AZURE_CLOUD and AZURE_AUTHORITY_HOST", "exit code 2"),
            ("a log in no known form", one("LOG_FORMAT", "xml"), "configuration", "LOG_FORMAT", ".env.local"),
            ("a proxy that is none", vec![("HTTPS_PROXY", "socks5://p:1")], "proxy", "HTTPS_PROXY", "HTTPS_PROXY"),
            (
                "no CA file",
                vec![("SSL_CERT_FILE", "/nowhere.pem")],
                "ca",
                "SSL_CERT_FILE /nowhere.pem",
                "SSL_CERT_FILE",
            ),
            // What is blank is not set.
            (
                "a CA file by no name",
                one("SSL_CERT_FILE", " "),
                "ca",
                "an authority that is not trusted here",
                "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            ),
            (
                "a CA file without a CA",
                vec![("SSL_CERT_FILE", &not_a_ca)],
                "ca",
                "no certificate in PEM form",
                "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_the_network_does_is_named_first() {
    let site = Site::up(Config::default()).await;
    let (anonymous, wrong) = (site.proxy(""), site.proxy(&format!("{USER}:wrong@")));
    let closed = ClosedPort::new();
    let nobody = closed.address();
    let (no_proxy_there, no_host_there) = (format!("http://{nobody}"), format!("https://{nobody}"));
    let queue = FullQueue::start().await;
    let silent = format!("https://127.0.0.1:{}", queue.port);
    let (reach_nobody, reach_silent) = (format!("reach {nobody}"), format!("reach 127.0.0.1:{}", queue.port));
    let unknown = "https://graph.nowhere.invalid";
    let (graph, scope) = (format!("{unknown}/v1.0"), format!("{unknown}/.default"));
    let direct = vec![("NO_PROXY", "nowhere.invalid"), ("GRAPH_BASE_URL", &*graph), ("GRAPH_OBO_SCOPES", &scope)];
    let proxied = vec![("GRAPH_BASE_URL", &*graph), ("GRAPH_OBO_SCOPES", &scope)];
    each_is_named(
        &site,
        vec![
            ("a name that does not resolve", direct, "dns graph.nowhere.invalid", "has no address", "ENOTFOUND"),
            (
                "a name that the proxy does not know",
                proxied,
                "reach graph.nowhere.invalid",
                "ERR_DNS_FAIL",
                "ENOTFOUND",
            ),
            (
                "nobody listens",
                one("AZURE_AUTHORITY_HOST", &no_host_there),
                &reach_nobody,
                "refuses the connection",
                "ECONNREFUSED",
            ),
            (
                "packets are dropped",
                one("AZURE_AUTHORITY_HOST", &silent),
                &reach_silent,
                "does not answer",
                "ETIMEDOUT",
            ),
            ("a proxy without our password", vec![("HTTPS_PROXY", &anonymous)], "proxy", "has none (407)", "HTTP 407"),
            (
                "a proxy with a wrong one",
                vec![("HTTPS_PROXY", &wrong)],
                "proxy",
                "refuses the name or password",
                "HTTP 407",
            ),
            (
                "no proxy there",
                vec![("HTTPS_PROXY", &no_proxy_there)],
                "proxy",
                "refuses the connection",
                "ECONNREFUSED",
            ),
            (
                "a CA that is missing",
                vec![("SSL_CERT_FILE", "")],
                "ca",
                "\"entra-emulator, for tests only\", an authority that is not trusted here",
                "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_happens_behind_the_proxy_is_named_first() {
    for (fault, check, seen, word) in [
        (NetworkFault::NameNotFound, "reach login.microsoftonline.com", "does not know the name", "ENOTFOUND"),
        (NetworkFault::TimedOut, "reach login.microsoftonline.com", "got no connection", "ETIMEDOUT"),
        (NetworkFault::Silent, "reach login.microsoftonline.com", "made no connection", "ETIMEDOUT"),
        (NetworkFault::Reset, "reach login.microsoftonline.com", "ended the connection", "ECONNRESET"),
        (NetworkFault::ForeignAuthority, "ca", "an authority that is not trusted", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    ] {
        let site = Site::up(Config::default()).await;
        site.emulator.control().set_network_fault("login.microsoftonline.com", fault);
        each_is_named(&site, vec![(&*format!("{fault:?}"), vec![], check, seen, word)]).await;
    }
}

#[tokio::test]
async fn what_entra_refuses_is_named_first() {
    let certificate = ClientCertificate::valid_between(ENDED - 86_400 * 30, ENDED);
    let config = Config::default().with_expired_secret(EXPIRED).with_certificate(certificate.certificate_pem());
    let site = Site::up(config).await;
    let unknown = "11111111-2222-4333-8444-555555555555";
    let ended = site.write("ended.pem", format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem()));
    let fresh = ClientCertificate::generate();
    let strange = site.write("strange.pem", format!("{}{}", fresh.certificate_pem(), fresh.private_key_pem()));
    let by_certificate = |path| vec![("GRAPH_CLIENT_SECRET", ""), ("GRAPH_CLIENT_CERT_PATH", path)];
    each_is_named(
        &site,
        vec![
            (
                "an unknown tenant",
                vec![("GRAPH_TENANT_ID", unknown)],
                "discovery",
                "does not know the tenant",
                "AADSTS90002",
            ),
            ("an unknown app", vec![("GRAPH_CLIENT_ID", unknown)], "credential", "(AADSTS700016)", "AADSTS700016"),
            ("a wrong secret", vec![("GRAPH_CLIENT_SECRET", "wrong")], "credential", "client_secret", "AADSTS7000215"),
            (
                "an expired secret",
                vec![("GRAPH_CLIENT_SECRET", EXPIRED)],
                "credential",
                "client_secret",
                "AADSTS7000222",
            ),
            ("an expired certificate", by_certificate(&ended), "credential", "has expired", "certificate expired"),
            (
                "a certificate that nobody registered",
                by_certificate(&strange),
                "credential",
                "(AADSTS700027)",
                "AADSTS700027",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_the_acting_identity_may_not_do_is_named_first() {
    let site = Site::up(Config::default()).await;
    let token = |user| site.emulator.mint_as_entra(TokenSpec::user(user));
    let (without_consent, without_role, blocked) = (token("noconsent"), token("norole"), token("blocked"));
    let principal = [
        ("OUTGOING_AUTH_STRATEGY", "UseHostingEnvironmentIdentity"),
        ("MCP_REQUIRED_ROLES", "MessageCenter.Read"),
        ("AZURE_CLIENT_ID", API_CLIENT_ID),
    ];
    let closed = ClosedPort::new();
    let nowhere = format!("http://{}/msi/token", closed.address());
    let host = [
        &principal[..2],
        &[("AZURE_CLIENT_ID", USER_ASSIGNED_CLIENT_ID), ("IDENTITY_ENDPOINT", &nowhere), ("IDENTITY_HEADER", "x")],
    ]
    .concat();
    let with = |secret| [&principal[..], &[("AZURE_CLIENT_SECRET", secret)]].concat();
    let graph = "permissions https://graph.microsoft.com";
    each_is_named(
        &site,
        vec![
            (
                "no consent",
                one("MCP_TOKEN", &without_consent),
                graph,
                "consent to the downstream API is missing",
                "AADSTS65001",
            ),
            ("a policy", one("MCP_TOKEN", &blocked), graph, "blocks the user", "AADSTS53003"),
            (
                "no role",
                one("MCP_TOKEN", &without_role),
                "roles getMessages",
                "Message Center Reader",
                "forbidden_role",
            ),
            ("a token of nobody's", one("MCP_TOKEN", "nonsense"), "permissions", "MCP_TOKEN", "invalid_token"),
            (
                "no application permission",
                with(API_CLIENT_SECRET),
                graph,
                "ServiceMessage.Read.All is missing",
                "admin consent",
            ),
            ("a wrong secret of the host", with("wrong"), "hosting", "service principal", "AADSTS7000215"),
            ("no identity of the host", host, "hosting", "managed identity", "unavailable"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_unless_this_server_has_it() {
    let site = Site::up(Config::default()).await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    each_is_named(&site, vec![("a port that is taken", vec![("PORT", &port)], "listener", "127.0.0.1", "EADDRINUSE")])
        .await;

    let running = site.start(&[], &[]).await.serving().await;
    let port = running.base.rsplit(':').next().unwrap().to_owned();
    let said = site.examine(&[("PORT", &port)]).await;
    assert_eq!(said.check("listener")["status"], "ok", "{:#}", said.json);
    assert_eq!(said.ended.status.code(), Some(0));
}
