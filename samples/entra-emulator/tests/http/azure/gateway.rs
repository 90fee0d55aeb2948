use std::time::Duration;

use aws_lc_rs::digest::SHA256;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{API_CLIENT_ID, ClientCertificate, Config, NetworkFault, TENANT_ID, TokenSpec};
use jsonwebtoken::Algorithm;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::network::{Network, client};
use crate::{
    client_authentication::{ASSERTION_TYPE, now, sign, thumbprint},
    tenant::part,
};

const LOGIN: &str = "https://login.microsoftonline.com";
const DISCOVERY: &str = "/v2.0/.well-known/openid-configuration";

/// The whole of an error, with what is inside it.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(inner) = next {
        text = format!("{text}: {inner}");
        next = inner.source();
    }
    text
}

/// Speaks to the proxy by hand; returns the head of its answer.
async fn raw(network: &Network, request: &str) -> String {
    let address = network.emulator.gateway_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1_024];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).to_lowercase()
}

#[tokio::test]
async fn entra_answers_under_its_own_names_with_documents_that_name_them() {
    let network = Network::start().await;
    for host in ["login.microsoftonline.com", "login.windows.net"] {
        let document = network.get(&format!("https://{host}/{TENANT_ID}{DISCOVERY}")).await.json();
        assert_eq!(document["issuer"], format!("{LOGIN}/{TENANT_ID}/v2.0"), "{host}");
        assert_eq!(document["token_endpoint"], format!("{LOGIN}/{TENANT_ID}/oauth2/v2.0/token"), "{host}");
        assert_eq!(document["jwks_uri"], format!("{LOGIN}/{TENANT_ID}/discovery/v2.0/keys"), "{host}");
    }
    let v1 = network.get(&format!("{LOGIN}/{TENANT_ID}/.well-known/openid-configuration")).await.json();
    assert_eq!(v1["issuer"], format!("https://sts.windows.net/{TENANT_ID}/"));
    let keys = network.get(&format!("{LOGIN}/{TENANT_ID}/discovery/v2.0/keys")).await.json();
    let kid = part(&network.emulator.mint_as_entra(TokenSpec::user("alice")), 0)["kid"].clone();
    assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid), "{keys}");
    let instance = format!("{LOGIN}/common/discovery/instance?authorization_endpoint={LOGIN}/{TENANT_ID}/authorize");
    let aliases = network.get(&instance).await.json()["metadata"][0]["aliases"].clone();
    assert_eq!(aliases[1], "login.windows.net");
    let connects = network.emulator.counters().connects;
    assert_eq!(connects.keys().collect::<Vec<_>>(), ["login.microsoftonline.com", "login.windows.net"]);
}

#[tokio::test]
async fn an_exchange_and_a_graph_call_go_through_to_their_hosts() {
    let network = Network::start().await;
    let assertion = network.emulator.mint_as_entra(TokenSpec::user("alice"));
    assert_eq!(part(&assertion, 1)["iss"], format!("{LOGIN}/{TENANT_ID}/v2.0"));
    let token = network.exchange("alice", "https://graph.microsoft.com/.default").await.access_token();
    let me = network.http.get("https://graph.microsoft.com/v1.0/me").bearer_auth(token).send().await.unwrap();
    assert_eq!(me.status(), 200);
    let counters = network.emulator.counters();
    assert_eq!((counters.obo, counters.graph_other, counters.connects["graph.microsoft.com"]), (1, 1, 1));
}

#[tokio::test]
async fn each_host_answers_for_itself_alone() {
    let network = Network::start().await;
    for url in [
        "https://graph.microsoft.com/_emulator/counters".to_owned(),
        format!("{LOGIN}/_emulator/counters"),
        format!("{LOGIN}/v1.0/me"),
        format!("{LOGIN}/msi/token"),
        format!("https://graph.microsoft.com/{TENANT_ID}{DISCOVERY}"),
    ] {
        assert_eq!(network.get(&url).await.status, 404, "{url}");
    }
    // A tunnel to one host is not good for another's requests.
    let fronted = network.http.get(format!("{LOGIN}/{TENANT_ID}{DISCOVERY}")).header("host", "graph.microsoft.com");
    assert_eq!(fronted.send().await.unwrap().status(), 421);
    let loopback = reqwest::Client::builder().no_proxy().build().unwrap();
    let counters = loopback.get(format!("{}/_emulator/counters", network.emulator.http_url())).send().await.unwrap();
    let connects = counters.json::<serde_json::Value>().await.unwrap()["connects"].clone();
    let hosts: Vec<_> = connects.as_object().unwrap().keys().collect();
    assert_eq!(hosts, ["graph.microsoft.com", "login.microsoftonline.com"]);
}

#[tokio::test]
async fn what_is_not_azure_s_cannot_be_reached_and_is_counted() {
    let network = Network::start().await;
    for url in ["https://evil.example/", "https://evilvault.azure.net/", "https://evil.example/again"] {
        let error = network.http.get(url).send().await.unwrap_err();
        assert!(error.is_connect(), "{url}: {}", chain(&error));
    }
    let plain = network.http.get("http://management.azure.com/").send().await.unwrap();
    assert_eq!(plain.status(), 403, "nothing goes out without TLS");
    for (name, request, status) in [
        ("another port", "CONNECT graph.microsoft.com:80 HTTP/1.1\r\nHost: graph.microsoft.com:80\r\n\r\n", "403"),
        ("an unknown name", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "502"),
        ("two targets", "CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "400"),
        ("the proxy itself", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "403"),
    ] {
        let answer = raw(&network, request).await;
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{name}: {answer}");
    }
    let counters = network.emulator.counters();
    assert_eq!(json!(counters.connects), json!({}));
    let refused = json!({"evil.example": 3, "evilvault.azure.net": 1, "graph.microsoft.com": 1});
    assert_eq!((json!(counters.connects_refused), counters.proxy_plain), (refused, 2));
}

#[tokio::test]
async fn the_proxy_asks_for_credentials_until_they_are_right() {
    let network = Network::with(Config::default().with_proxy_credentials("corp", "p@ss:word")).await;
    let url = format!("{LOGIN}/{TENANT_ID}{DISCOVERY}");
    let bare = network.http.get(&url).send().await.unwrap_err();
    assert!(chain(&bare).contains("proxy"), "{}", chain(&bare));
    for (name, user, password) in [("wrong", "corp", "x"), ("nobody", "", ""), ("no name", "", "p@ss:word")] {
        let http = client(&network.emulator, |proxy| proxy.basic_auth(user, password));
        assert!(http.get(&url).send().await.unwrap_err().is_connect(), "{name}");
    }
    let head = raw(&network, "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n").await;
    assert!(head.starts_with("http/1.1 407") && head.contains("proxy-authenticate: basic realm="), "{head}");
    let counters = network.emulator.counters();
    assert_eq!((counters.proxy_challenges, counters.connects_refused.len()), (5, 0), "names are not looked at before");
    let http = client(&network.emulator, |proxy| proxy.basic_auth("corp", "p@ss:word"));
    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
    let shown = format!("{:?}", Config::default().with_proxy_credentials("corp", "hush"));
    assert!(!shown.contains("hush"));
}

#[tokio::test]
async fn the_network_s_troubles_look_as_they_do_to_a_client() {
    let network = Network::start().await;
    let control = network.emulator.control();
    let host = "graph.microsoft.com";
    let url = format!("https://{host}/v1.0/me");
    for (fault, text) in [
        (NetworkFault::NameNotFound, "502"),
        (NetworkFault::TimedOut, "504"),
        (NetworkFault::Reset, ""),
        (NetworkFault::ForeignAuthority, "certificate"),
    ] {
        control.set_network_fault(host, fault);
        let error = network.http.get(&url).send().await.unwrap_err();
        assert!(error.is_connect(), "{fault:?}: {}", chain(&error));
        assert!(chain(&error).to_lowercase().contains(text) || text.starts_with('5'), "{fault:?}: {}", chain(&error));
        let status = raw(&network, &format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n")).await;
        let expected = if text.starts_with('5') { text } else { "200" };
        assert!(status.starts_with(&format!("http/1.1 {expected}")), "{fault:?}: {status}");
    }
    control.set_network_fault(host, NetworkFault::Silent);
    let impatient = network.http.get(&url).timeout(Duration::from_millis(200));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    control.clear_network_fault(host);
    assert_eq!(network.get(&url).await.status, 401, "Graph itself again");
}

#[tokio::test]
async fn the_network_s_troubles_are_switched_over_http_too() {
    let network = Network::start().await;
    let loopback = reqwest::Client::builder().no_proxy().build().unwrap();
    let switch = format!("{}/_emulator/network", network.emulator.http_url());
    let url = format!("{LOGIN}/{TENANT_ID}{DISCOVERY}");
    let order = json!({"host": "LOGIN.microsoftonline.com", "fault": "name_not_found"});
    assert_eq!(loopback.post(&switch).json(&order).send().await.unwrap().status(), 204);
    assert!(network.http.get(&url).send().await.is_err());
    let order = json!({"host": "login.microsoftonline.com"});
    assert_eq!(loopback.post(&switch).json(&order).send().await.unwrap().status(), 204);
    assert_eq!(network.get(&url).await.status, 200);
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_authority_gets_no_answer() {
    let network = Network::start().await;
    let proxy = reqwest::Proxy::all(network.emulator.gateway_url()).unwrap();
    let stranger = reqwest::Client::builder().proxy(proxy).build().unwrap();
    let error = stranger.get(format!("{LOGIN}/{TENANT_ID}{DISCOVERY}")).send().await.unwrap_err();
    assert!(chain(&error).contains("certificate"), "{}", chain(&error));
    assert_eq!(network.emulator.counters().discovery, 0);
}

#[tokio::test]
async fn an_app_proves_itself_to_either_name_of_entra_and_to_no_other() {
    let certificate = ClientCertificate::generate();
    let network = Network::with(Config::default().with_certificate(certificate.certificate_pem())).await;
    let x5t = URL_SAFE_NO_PAD.encode(thumbprint(&certificate, &SHA256));
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": x5t});
    for (host, accepted) in
        [("login.microsoftonline.com", true), ("login.windows.net", true), ("management.azure.com", false)]
    {
        let audience = format!("https://{host}/{TENANT_ID}/oauth2/v2.0/token");
        let claims = json!({"aud": audience, "iss": API_CLIENT_ID, "sub": API_CLIENT_ID, "exp": now() + 300});
        let assertion = sign(&certificate, Algorithm::PS256, &header, &claims);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", API_CLIENT_ID),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
            ("scope", "https://management.azure.com/.default"),
        ];
        let answer = network.token(&form).await;
        let code = if accepted { 0 } else { 700_023 };
        assert_eq!(answer.verdict().1, code, "{host}: {}", answer.text);
    }
}
