//! TLS as the server's own client does it, and what the peer showed meanwhile.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use mcp_auth_layer::{config::ConfigError, fetch::Egress};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio::{io::AsyncWriteExt, time};
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_cert::{
    Certificate,
    der::{Decode, asn1::ObjectIdentifier},
    name::Name,
};

use super::{
    Io, PATIENCE,
    fault::{Shown, TlsFault},
};

/// Whom this machine trusts.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    judge: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
    /// How many authorities are trusted.
    pub(crate) count: usize,
}

impl Trust {
    /// Reads the system's authorities and those that are added.
    pub(crate) fn of(egress: &Egress) -> Result<Self, ConfigError> {
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| ConfigError::HttpClient { source };
        let pem = egress.trusted_roots()?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| refused(error.into()))?;
            roots.add(certificate).map_err(|error| refused(error.into()))?;
        }
        let count = roots.len();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        Ok(Self { judge: judge.map_err(|error| refused(error.into()))?, provider, count })
    }

    /// Shakes hands, and returns what the peer showed; what is not trusted is never spoken to.
    pub(super) async fn handshake(&self, stream: Io, host: &str) -> Result<(TlsStream<Io>, Shown), TlsFault> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| TlsFault::Other(error.to_string()))?;
        let witness = Arc::new(Witness { judge: Arc::clone(&self.judge), shown: Mutex::default() });
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsFault::Other(error.to_string()))?
            // The judge below is rustls's own; nothing is accepted that it refuses.
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&witness) as _)
            .with_no_client_auth();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let done = time::timeout(PATIENCE, connecting).await.map_err(|_| TlsFault::Late)?;
        let shown = witness.shown.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        done.map(|stream| (stream, shown.clone())).map_err(|error| fault(&error, shown))
    }

    /// Shakes hands and says goodbye.
    pub(super) async fn look(&self, stream: Io, host: &str) -> Result<Shown, TlsFault> {
        let (mut stream, shown) = self.handshake(stream, host).await?;
        // A peer that does not wait for it has shown what there is to see all the same.
        let _ = time::timeout(PATIENCE, stream.shutdown()).await;
        Ok(shown)
    }
}

/// Notes what a peer shows, and leaves the judgement to the judge.
#[derive(Debug)]
struct Witness {
    judge: Arc<WebPkiServerVerifier>,
    shown: Mutex<Option<Shown>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown(end_entity, intermediates));
        self.judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

fn fault(error: &io::Error, shown: Shown) -> TlsFault {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(rustls::Error::InvalidCertificate(why)) => match why {
            CertificateError::UnknownIssuer => TlsFault::Untrusted(shown),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                TlsFault::OtherName(shown)
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => TlsFault::OutOfTime(shown),
            // Such as a certificate that signed itself and may sign others: as unknown as any other.
            CertificateError::Other(_) if shown.issuer == shown.subject => TlsFault::Untrusted(shown),
            other => TlsFault::Other(format!("{other:?}")),
        },
        Some(other) => TlsFault::Other(other.to_string()),
        None => match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                TlsFault::Reset
            }
            _ => TlsFault::Other(error.to_string()),
        },
    }
}

fn shown(leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Shown {
    let (subject, issuer) = names(leaf);
    let authority = others.last().map_or_else(|| issuer.clone(), |last| names(last).1);
    Shown { subject, issuer, authority }
}

/// Subject and issuer, as people know them.
fn names(der: &CertificateDer<'_>) -> (String, String) {
    match Certificate::from_der(der) {
        Ok(certificate) => {
            let inner = certificate.tbs_certificate();
            (name(inner.subject()), name(inner.issuer()))
        }
        Err(_) => ("(unreadable)".to_owned(), "(unreadable)".to_owned()),
    }
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Longer than any name that a person gives.
const LONGEST: usize = 120;

/// The common name, else the whole name; a peer chose it, so that it is cut and has no control characters.
fn name(name: &Name) -> String {
    let common = name.iter().find(|part| part.oid == COMMON_NAME);
    // All string types but the rarest are UTF-8 or a part of it.
    let common = common.map(|part| String::from_utf8_lossy(part.value.value()).into_owned());
    let text = common.unwrap_or_else(|| name.to_string());
    text.chars().filter(|one| !one.is_control()).take(LONGEST).collect()
}
