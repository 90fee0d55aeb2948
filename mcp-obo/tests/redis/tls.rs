//! TLS to Redis.

use std::{error::Error as _, fs};

use mcp_obo::{
    RedisStore,
    shared::{SharedStore as _, StoreError},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use local_redis::{Server, free_port};

use crate::replicas::Service;

struct Tls {
    _server: Server,
    port: u16,
    ca: String,
}

/// A server with TLS alone, whose certificate is for `localhost`; nothing when this build of Redis has no TLS.
fn server() -> Option<Tls> {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &issuer).unwrap();
    let ca = issuer.pem();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (cert_file, key_file) = (write("cert", &certificate.pem()), write("key", &key.serialize_pem()));
    let ca_file = write("ca", &ca);
    let port = free_port();
    let probe = Server::start(&[])?;
    if !probe.ask(&["CONFIG", "GET", "tls-port"]).contains("tls-port") {
        eprintln!("SKIPPED: this build of Redis has no TLS");
        return None;
    }
    let port_text = port.to_string();
    let files = ["--tls-cert-file", &cert_file, "--tls-key-file", &key_file, "--tls-ca-cert-file", &ca_file];
    let server = Server::start(&[&["--tls-port", &port_text, "--tls-auth-clients", "no"][..], &files].concat())?;
    Some(Tls { _server: server, port, ca })
}

#[tokio::test]
async fn an_added_ca_is_trusted_and_an_unknown_one_is_not() {
    let Some(tls) = server() else { return };
    let url = format!("rediss://localhost:{}", tls.port);
    let service = Service::new();
    let trusting = || RedisStore::connect(&url).unwrap().with_root_certificates(tls.ca.as_bytes()).unwrap();
    let (one, other) = (service.replica_on(trusting()), service.replica_on(trusting()));
    let token = service.token(&one, "a").await;
    assert_eq!(service.token(&other, "a").await, token);
    assert_eq!(service.exchanges(), 1);

    for (name, store) in [
        ("the system's CAs alone", RedisStore::connect(&url).unwrap()),
        ("another name", {
            let url = url.replace("localhost", "127.0.0.1");
            RedisStore::connect(&url).unwrap().with_root_certificates(tls.ca.as_bytes()).unwrap()
        }),
    ] {
        let error = store.get("mcp-obo:x").await.unwrap_err();
        assert!(matches!(error, StoreError::Unreachable(_)), "{name}: {error:?}");
        assert_eq!(error.source().unwrap().to_string(), "the server's certificate is not trusted", "{name}");
    }
}
