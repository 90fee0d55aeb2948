//! The same with TLS.

use std::fs;

use local_ports::free_port;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::Server;

/// A running server with TLS, whose certificate is for `localhost`.
#[derive(Debug)]
pub struct TlsServer {
    server: Server,
    port: u16,
    ca: String,
}

impl TlsServer {
    /// Starts a server; nothing, and a line that says so, when none is installed or this build has no TLS.
    ///
    /// # Panics
    /// When one is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("the folder can be written to");
            path.display().to_string()
        };
        let (ca, certificate, key) = certificates().expect("fresh keys can sign");
        let (cert_file, key_file, ca_file) = (write("cert", &certificate), write("key", &key), write("ca", &ca));
        let port = free_port();
        let probe = Server::start(&[])?;
        if !probe.ask(&["CONFIG", "GET", "tls-port"]).contains("tls-port") {
            eprintln!("SKIPPED: this build of Redis has no TLS");
            return None;
        }
        let port_text = port.to_string();
        let files = ["--tls-cert-file", &cert_file, "--tls-key-file", &key_file, "--tls-ca-cert-file", &ca_file];
        let server = Server::start(&[&["--tls-port", &port_text, "--tls-auth-clients", "no"][..], &files].concat())?;
        Some(Self { server, port, ca })
    }

    /// Returns its URL, by the name in its certificate.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }

    /// Returns the certificate of its authority, PEM.
    #[must_use]
    pub fn ca(&self) -> &str {
        &self.ca
    }

    /// Returns the server, to be asked without TLS.
    #[must_use]
    pub const fn plain(&self) -> &Server {
        &self.server
    }
}

/// An authority, and a certificate of it with its key.
fn certificates() -> Result<(String, String, String), rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".into()])?.signed_by(&key, &issuer)?;
    Ok((issuer.pem(), certificate.pem(), key.serialize_pem()))
}
