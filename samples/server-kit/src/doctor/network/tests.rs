//! Hosts that show certificates of every kind, and proxies that are none, on loopback.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use local_ports::ClosedPort;
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{io::AsyncReadExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;

use super::{
    Probed, Trust, compare,
    fault::{ConnectFault, Fault, ProxyFault, TlsFault},
    probe,
    resolve::SystemResolver,
};
use crate::{
    doctor::endpoint::{Endpoint, Need},
    settings::Vars,
};
use mcp_auth_layer::fetch::Egress;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Serves TLS with a certificate for this name, good until this year.
    async fn serve(&self, name: &str, until: i32) -> SocketAddr {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(until, 1, 1));
        let leaf = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        listen(move |stream| {
            let acceptor = acceptor.clone();
            async move { drop(acceptor.accept(stream).await) }
        })
        .await
    }
}

async fn listen<F>(serve: impl Fn(tokio::net::TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn probed(url: &str, variables: &[(&str, &str)], authority: &Authority) -> Probed {
    let variables: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let egress = Egress::from_variables(|name| Vars::get(&variables, name)).unwrap();
    let egress = egress.add_roots(authority.0.pem().as_bytes()).unwrap();
    let trust = Trust::of(&egress).unwrap();
    probe(&Endpoint::new(url, "a host", Need::Server).unwrap(), &egress, &trust, &SystemResolver).await
}

#[tokio::test]
async fn what_a_host_shows_is_told_as_it_is() {
    let (ours, theirs) = (Authority::named("Ours"), Authority::named("Theirs, Inc."));
    let of = |address: SocketAddr| format!("https://localhost:{}", address.port());
    let good = probed(&of(ours.serve("localhost", 2099).await), &[], &ours).await;
    let shown = good.outcome.unwrap().unwrap();
    assert_eq!((&*shown.subject, &*shown.issuer), ("localhost", "Ours"));

    let foreign = probed(&of(theirs.serve("localhost", 2099).await), &[], &ours).await.outcome.unwrap_err();
    assert_eq!(foreign.untrusted().map(|shown| &*shown.authority), Some("Theirs, Inc."));
    let other = probed(&of(ours.serve("other.example", 2099).await), &[], &ours).await.outcome.unwrap_err();
    assert!(matches!(&other, Fault::Tls(TlsFault::OtherName(shown)) if shown.subject == "other.example"), "{other:?}");
    let ended = probed(&of(ours.serve("localhost", 2002).await), &[], &ours).await.outcome.unwrap_err();
    assert!(matches!(ended, Fault::Tls(TlsFault::OutOfTime(_))), "{ended:?}");
}

#[tokio::test]
async fn what_does_not_speak_tls_is_told_as_it_is() {
    let ours = Authority::named("Ours");
    let closes = listen(|stream| async move { drop(stream) }).await;
    let mute = listen(|mut stream| async move {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
    })
    .await;
    let nobody = ClosedPort::new();
    for (address, fault) in [
        (closes, Fault::Tls(TlsFault::Reset)),
        (mute, Fault::Tls(TlsFault::Late)),
        (nobody.address(), Fault::Connect(ConnectFault::Refused)),
    ] {
        assert_eq!(probed(&format!("https://{address}"), &[], &ours).await.outcome, Err(fault));
    }
}

#[tokio::test]
async fn what_is_no_proxy_is_told_as_it_is() {
    let ours = Authority::named("Ours");
    let closes = listen(|stream| async move { drop(stream) }).await;
    let plain = listen(|mut stream| async move {
        use tokio::io::AsyncWriteExt as _;
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n\r\n").await;
    })
    .await;
    for address in [closes, plain] {
        let proxy = format!("http://{address}");
        let fault = probed("https://graph.microsoft.com", &[("HTTPS_PROXY", &proxy)], &ours).await.outcome;
        assert_eq!(fault, Err(Fault::Proxy(ProxyFault::NotAProxy)));
    }
    // A proxy that is spoken to over TLS, whose certificate nobody trusts.
    let tls = Authority::named("Theirs").serve("localhost", 2099).await;
    let proxy = format!("https://localhost:{}", tls.port());
    let fault = probed("https://graph.microsoft.com", &[("HTTPS_PROXY", &proxy)], &ours).await.outcome.unwrap_err();
    assert_eq!(fault.untrusted().map(|shown| &*shown.issuer), Some("Theirs"), "{fault:?}");
}

/// Opens a tunnel to nowhere for every host but one, on which it hangs up.
async fn filter(blocked: &'static str, behind: SocketAddr) -> SocketAddr {
    listen(move |mut stream| async move {
        use tokio::io::AsyncWriteExt as _;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        if String::from_utf8_lossy(&head).contains(blocked) {
            return;
        }
        let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
        let Ok(mut host) = tokio::net::TcpStream::connect(behind).await else { return };
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut host).await;
    })
    .await
}

#[tokio::test]
async fn a_proxy_that_lets_others_through_is_one() {
    let ours = Authority::named("Ours");
    let behind = ours.serve("allowed.example", 2099).await;
    let proxy = format!("http://{}", filter("blocked.example", behind).await);
    let variables = [("HTTPS_PROXY", &*proxy)];
    let blocked = probed("https://blocked.example", &variables, &ours).await;
    let mut alone = [blocked.clone()];
    compare(&mut alone);
    assert_eq!(alone[0].outcome, Err(Fault::Proxy(ProxyFault::NotAProxy)), "nobody got through");
    let mut both = [blocked, probed("https://allowed.example", &variables, &ours).await];
    compare(&mut both);
    assert!(both[1].outcome.is_ok(), "{both:?}");
    assert_eq!(both[0].outcome, Err(Fault::Proxy(ProxyFault::HungUp)));
}
