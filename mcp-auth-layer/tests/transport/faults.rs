//! Every kind of failure, each produced by a peer that fails so.

use std::error::Error;

use local_ports::ClosedPort;
use mcp_auth_layer::fetch::{FetchError, TransportFault};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    authority::{Authority, Flaw, self_signed},
    client, client_with, get,
    peers::{Proxy, answers, drops, head, listen, mute, resets, says_hello, serves_by_http_2},
    texts,
};

/// Asks with a query that nobody may log, and says what failed.
async fn fault(client: &mcp_auth_layer::fetch::HttpClient, url: &str) -> TransportFault {
    let error = get(client, &format!("{url}/?secret=in-the-query")).await.unwrap_err();
    assert!(!texts(&error).contains("in-the-query"), "{url}: {}", texts(&error));
    error.fault().unwrap_or_else(|| panic!("{url}: {error:?}"))
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_dns() {
    assert_eq!(fault(&client(), "https://no-such-host.invalid").await, TransportFault::Dns);
}

#[tokio::test]
async fn a_port_at_which_nobody_listens_is_refused() {
    let nobody = ClosedPort::new();
    assert_eq!(fault(&client(), &format!("http://{}", nobody.address())).await, TransportFault::Refused);
}

#[tokio::test]
async fn a_firewall_that_drops_or_a_handshake_that_hangs_is_connect_timeout() {
    let firewall = drops().await;
    assert_eq!(fault(&client(), &format!("http://{}", firewall.address)).await, TransportFault::ConnectTimeout);
    let mute = mute().await;
    assert_eq!(fault(&client(), &format!("https://{mute}")).await, TransportFault::ConnectTimeout, "no TLS greeting");
    // The proxy is there, but the host behind it is not.
    let client = client_with(&[("HTTPS_PROXY", &format!("http://{mute}"))], &Authority::named("unused").pem);
    assert_eq!(fault(&client, "https://login.invalid").await, TransportFault::ConnectTimeout, "a proxy that hangs");
}

#[tokio::test]
async fn a_peer_that_accepts_and_never_answers_is_timeout() {
    assert_eq!(fault(&client(), &format!("http://{}", mute().await)).await, TransportFault::Timeout);
}

#[tokio::test]
async fn a_connection_that_breaks_is_reset_whenever_it_breaks() {
    let half = answers(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nonly this").await;
    let chunked = answers(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nonly ").await;
    let half_head = answers(b"HTTP/1.1 200 OK\r\ncontent-le").await;
    let ca = Authority::named("reset");
    let tls = ca.server("localhost", Flaw::None, &[]);
    let unclean = listen(move |stream| {
        let tls = tls.clone();
        async move {
            let mut stream = tls.accept(stream).await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nan end that TLS does not vouch for").await;
            let _ = stream.flush().await;
            // Dropped without close_notify: whoever cuts here must not look like the end of the answer.
        }
    })
    .await;
    let client = client_with(&[], &ca.pem);
    for (name, url) in [
        ("reset before the answer", format!("http://{}", resets().await)),
        ("closed before the answer", format!("http://{}", answers(b"").await)),
        ("closed in the head", format!("http://{half_head}")),
        ("closed in the body", format!("http://{half}")),
        ("closed in a chunk", format!("http://{chunked}")),
        ("reset in the handshake", format!("https://{}", resets().await)),
        ("closed in the handshake", format!("https://{}", answers(b"").await)),
        ("closed without the end of TLS", format!("https://localhost:{}", unclean.port())),
    ] {
        assert_eq!(fault(&client, &url).await, TransportFault::Reset, "{name}");
    }
}

/// By then the request is with the peer, which may have done what it asks for: who takes this for a handshake sends it twice.
#[tokio::test]
async fn tls_that_breaks_after_the_handshake_is_no_failed_handshake() {
    let ca = Authority::named("reset");
    let client = client_with(&[], &ca.pem);
    for (protocols, expected) in [(&[][..], TransportFault::Reset), (&["h2"], TransportFault::Other)] {
        let tls = ca.server("localhost", Flaw::None, protocols);
        let forged = listen(move |stream| {
            let tls = tls.clone();
            async move {
                let mut stream = tls.accept(stream).await.unwrap();
                let _ = stream.read(&mut [0; 1_024]).await;
                // A record that nobody encrypted.
                let _ = stream.get_mut().0.write_all(b"\x17\x03\x03\x00\x05hello").await;
            }
        })
        .await;
        let url = format!("https://localhost:{}", forged.port());
        assert_eq!(fault(&client, &url).await, expected, "{protocols:?}");
    }
}

#[tokio::test]
async fn an_http_2_stream_that_breaks_is_reset() {
    let ca = Authority::named("reset");
    let client = client_with(&[], &ca.pem);
    let tls = ca.server("localhost", Flaw::None, &["h2"]);
    let server = serves_by_http_2(tls, async || Err(std::io::Error::other("the handler failed"))).await;
    assert_eq!(fault(&client, &format!("https://localhost:{}", server.port())).await, TransportFault::Reset);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_tls_untrusted() {
    let (ours, theirs) = (Authority::named("ours"), Authority::named("theirs"));
    let client = client_with(&[], &ours.pem);
    for (name, tls) in [
        ("of another authority", theirs.server("localhost", Flaw::None, &[])),
        ("signed by itself", self_signed("localhost")),
    ] {
        let url = format!("https://localhost:{}", says_hello(tls).await.port());
        assert_eq!(fault(&client, &url).await, TransportFault::TlsUntrusted, "{name}");
    }
}

#[tokio::test]
async fn any_other_failure_of_the_handshake_is_tls_other() {
    let ca = Authority::named("ours");
    let client = client_with(&[], &ca.pem);
    let plain = answers(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let alert = listen(|mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
    })
    .await;
    let imposter = Authority::named("ours").server("localhost", Flaw::None, &[]);
    let of = async |tls| format!("https://localhost:{}", says_hello(tls).await.port());
    for (name, url) in [
        ("expired", of(ca.server("localhost", Flaw::Expired, &[])).await),
        ("not yet valid", of(ca.server("localhost", Flaw::NotYetValid, &[])).await),
        ("for another name", of(ca.server("other.example", Flaw::None, &[])).await),
        ("of a namesake of the authority", of(imposter).await),
        ("not TLS", format!("https://{plain}")),
        ("a handshake_failure alert", format!("https://{alert}")),
    ] {
        assert_eq!(fault(&client, &url).await, TransportFault::TlsOther, "{name}");
    }
}

#[tokio::test]
async fn a_proxy_that_does_not_connect_is_proxy() {
    let (unused, nobody) = (Authority::named("unused").pem, ClosedPort::new());
    for (name, proxy) in [
        ("refuses", Proxy::answering(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.address),
        ("wants a password", Proxy::answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.address),
        ("cannot reach the host", Proxy::answering(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await.address),
        ("hangs up", Proxy::answering(b"").await.address),
        ("speaks something else", Proxy::answering(b"220 mail.corp ESMTP\r\n\r\n").await.address),
        ("is not there", nobody.address()),
    ] {
        let client = client_with(&[("HTTPS_PROXY", &format!("http://svc:hunter2@{proxy}"))], &unused);
        let error = get(&client, "https://login.invalid/?secret=in-the-query").await.unwrap_err();
        assert_eq!(error.fault(), Some(TransportFault::Proxy), "{name}: {error:?}");
        let texts = texts(&error);
        let header = "c3ZjOmh1bnRlcjI";
        assert!(!["hunter2", "in-the-query", header].iter().any(|secret| texts.contains(secret)), "{name}: {texts}");
    }
    let client = client_with(&[("HTTPS_PROXY", "http://no-such-proxy.invalid:8080")], &unused);
    assert_eq!(fault(&client, "https://login.invalid").await, TransportFault::Proxy, "has no address");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_failure_without_a_kind_of_its_own() {
    let url = format!("http://{}", answers(b"220 mail.corp ESMTP\r\n\r\n").await);
    assert_eq!(fault(&client(), &url).await, TransportFault::Other);
}

#[tokio::test]
async fn plain_http_never_leaves_the_machine() {
    let error = get(&client(), "http://login.microsoftonline.com/").await.unwrap_err();
    assert!(matches!(error, FetchError::PlainHttp) && error.source().is_none());
}
