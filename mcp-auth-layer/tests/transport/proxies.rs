//! Which requests a proxy sees.

use std::fs;

use crate::{
    authority::{Authority, Flaw},
    child::ask_with,
    client_with, get,
    peers::{Proxy, answers, says_hello},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_process_s_proxy_variables_are_honoured_in_both_spellings() {
    let ca = Authority::named("proxied");
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("ca.pem");
    fs::write(&bundle, &ca.pem).unwrap();
    let server = says_hello(ca.server("login.invalid", Flaw::None, &[])).await;
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Proxy::to(server).await;
        let variables = vec![
            (name, format!("http://svc:hunter2@{}", proxy.address)),
            ("SSL_CERT_FILE", bundle.display().to_string()),
        ];
        let outcomes = ask_with(variables, vec!["https://login.invalid/".to_owned()]).await;
        assert_eq!(outcomes, ["200 hello by HTTP/1.1"], "{name}");
        assert_eq!(proxy.asked(), ["CONNECT login.invalid:443 HTTP/1.1"], "{name}");
    }
    for (name, except) in [("NO_PROXY", "login.invalid"), ("no_proxy", ".invalid"), ("NO_PROXY", "*")] {
        let proxy = Proxy::to(server).await;
        let variables = vec![("HTTPS_PROXY", format!("http://{}", proxy.address)), (name, except.to_owned())];
        let outcomes = ask_with(variables, vec!["https://login.invalid/".to_owned()]).await;
        assert_eq!((outcomes, proxy.asked()), (vec!["dns".to_owned()], Vec::new()), "{name}={except}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_variable_leads_loopback_through_a_proxy() {
    let peer = answers(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let proxy = Proxy::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy").await;
    let address = format!("http://{}", proxy.address);
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let variables = names.map(|name| (name, address.clone())).to_vec();
    let urls = vec![
        format!("http://{peer}/"),
        format!("http://localhost:{}/", peer.port()),
        format!("http://127.0.0.2:{}/", peer.port()),
        "https://[::1]:1/".to_owned(),
        "https://2130706433:1/".to_owned(),
    ];
    let outcomes = ask_with(variables.clone(), urls.clone()).await;
    assert_eq!(outcomes, ["200 ok", "200 ok", "refused", "refused", "refused"]);
    let given: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let client = client_with(&given, &Authority::named("unused").pem);
    for url in urls {
        let _ = get(&client, &url).await;
    }
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn proxies_that_are_given_are_taken_with_their_password_and_their_exceptions() {
    let ca = Authority::named("proxied");
    let server = says_hello(ca.server("login.invalid", Flaw::None, &["h2", "http/1.1"])).await;
    let proxy = Proxy::to(server).await;
    let address = format!("http://svc:hunt%2Der2@{}", proxy.address);
    let client = client_with(&[("https_proxy", &address), ("no_proxy", "*.direct.invalid, 192.0.2.0/24")], &ca.pem);
    assert_eq!(get(&client, "https://login.invalid/").await.unwrap().body(), "hello by HTTP/2.0");
    let head = proxy.heads().to_ascii_lowercase();
    assert!(head.contains("proxy-authorization: basic c3zjomh1bnqtzxiy"), "{head}");
    let direct = get(&client, "https://login.direct.invalid/").await.unwrap_err();
    assert_eq!(direct.fault().unwrap().kind(), "dns");
    assert_eq!(proxy.asked(), ["CONNECT login.invalid:443 HTTP/1.1"]);
}
