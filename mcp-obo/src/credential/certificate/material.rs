//! A private key with what names it: its certificate, or a thumbprint alone.

use std::sync::Arc;

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest},
    error::KeyRejected,
    rsa::KeyPair,
};
use mcp_auth_layer::clock::UnixTime;

use super::{
    super::{
        assertion::{Algorithm, Header, LocalKey, Signatory, Signer},
        pem::{Contents, KeyDer},
        thumbprint::Thumbprint,
    },
    CertificateError,
    x509::Certificate,
};

/// A key that is here.
#[derive(Clone, Debug)]
pub(in super::super) struct Material {
    key: LocalKey,
    name: Name,
}

#[derive(Clone, Debug)]
pub(in super::super) enum Name {
    /// The key's certificate and those that signed it, in this order.
    Chain(Arc<[Certificate]>),
    Thumbprint(Thumbprint),
}

/// How assertions are to look where there is a choice.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Style {
    pub(in super::super) algorithm: Algorithm,
    pub(in super::super) chain: SendChain,
}

/// Whether the certificates themselves are sent, for apps that trust a subject name and issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum SendChain {
    #[default]
    No,
    Yes,
}

impl Material {
    /// Takes the one key of a file, and finds its certificate among those beside it.
    pub(in super::super) fn certified(contents: Contents) -> Result<Self, CertificateError> {
        let key = only_key(contents.keys)?;
        if contents.certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        let read = contents.certificates.into_iter().map(Certificate::read).collect::<Result<Vec<_>, _>>()?;
        let chain = chain_of(|one| one.certifies(key.public()), read).ok_or(CertificateError::Mismatch)?;
        Ok(Self { key, name: Name::Chain(chain) })
    }

    /// Takes the one key of a file, by a certificate that is known by its thumbprint only.
    ///
    /// A certificate beside the key says more than the thumbprint does.
    pub(in super::super) fn named(contents: Contents, thumbprint: Thumbprint) -> Result<Self, CertificateError> {
        if contents.certificates.is_empty() {
            return Ok(Self { key: only_key(contents.keys)?, name: Name::Thumbprint(thumbprint) });
        }
        Self::certified(contents)
    }

    pub(in super::super) fn into_parts(self) -> (Arc<dyn Signer>, Name) {
        (Arc::new(self.key), self.name)
    }

    pub(in super::super) const fn name(&self) -> &Name {
        &self.name
    }
}

impl Name {
    /// Joins the name with a key that is here or elsewhere.
    pub(in super::super) fn signatory(&self, signer: Arc<dyn Signer>, style: Style) -> Signatory {
        match self {
            Self::Thumbprint(thumbprint) => Signatory::new(signer, &bare(thumbprint, style)),
            Self::Chain(chain) => {
                let leaf = chain.first().map_or(&[][..], Certificate::der);
                let (sha256, sha1) = (digest(&SHA256, leaf), digest(&SHA1_FOR_LEGACY_USE_ONLY, leaf));
                // Who wants RS256 does so for something that may not know the newer name either.
                let sha1 = (style.algorithm == Algorithm::Rs256).then_some(sha1.as_ref());
                let sent: Vec<Vec<u8>> = match style.chain {
                    SendChain::Yes => chain.iter().map(|one| one.der().to_vec()).collect(),
                    SendChain::No => Vec::new(),
                };
                let header = Header { algorithm: style.algorithm, sha256: Some(sha256.as_ref()), sha1, chain: &sent };
                Signatory::new(signer, &header)
            }
        }
    }

    /// Returns when the certificate ends, where it is known.
    pub(in super::super) fn ends_at(&self) -> Option<UnixTime> {
        self.leaf().map(Certificate::ends_at)
    }

    /// Returns when the certificate begins, where it is known.
    pub(in super::super) fn begins_at(&self) -> Option<UnixTime> {
        self.leaf().map(Certificate::begins_at)
    }

    /// Returns the best thumbprint that is known.
    pub(in super::super) fn thumbprint(&self) -> Option<Thumbprint> {
        match self {
            Self::Thumbprint(thumbprint) => Some(*thumbprint),
            Self::Chain(_) => self.leaf().map(Certificate::thumbprint),
        }
    }

    fn leaf(&self) -> Option<&Certificate> {
        match self {
            Self::Chain(chain) => chain.first(),
            Self::Thumbprint(_) => None,
        }
    }
}

/// SHA-1 names go with RS256: Entra does not look for a PS256 key by them.
fn bare(thumbprint: &Thumbprint, style: Style) -> Header<'_> {
    match thumbprint {
        Thumbprint::Sha256(hash) => Header { algorithm: style.algorithm, sha256: Some(hash), sha1: None, chain: &[] },
        Thumbprint::Sha1(hash) => Header { algorithm: Algorithm::Rs256, sha256: None, sha1: Some(hash), chain: &[] },
    }
}

fn only_key(keys: Vec<KeyDer>) -> Result<LocalKey, CertificateError> {
    let mut keys = keys.into_iter();
    match (keys.next(), keys.next()) {
        (None, _) => Err(CertificateError::NoKey),
        (Some(_), Some(_)) => Err(CertificateError::SeveralKeys),
        (Some(KeyDer::Pkcs8(der)), None) => KeyPair::from_pkcs8(&der).map(LocalKey::new).map_err(reason),
        (Some(KeyDer::Pkcs1(der)), None) => KeyPair::from_der(&der).map(LocalKey::new).map_err(reason),
    }
}

fn reason(why: KeyRejected) -> CertificateError {
    match why.description_() {
        "WrongAlgorithm" => CertificateError::NotRsa,
        "TooSmall" => CertificateError::ShortKey,
        _ => CertificateError::UnreadableKey,
    }
}

/// Puts the leaf first, then who signed it, and so on; what is no part of that is left out.
///
/// None when no certificate is the leaf.
pub(in super::super) fn chain_of(
    is_leaf: impl Fn(&Certificate) -> bool,
    mut all: Vec<Certificate>,
) -> Option<Arc<[Certificate]>> {
    let leaf = all.iter().position(is_leaf)?;
    let mut chain = vec![all.swap_remove(leaf)];
    while let Some(next) = chain.last().and_then(|last| all.iter().position(|one| last.is_issued_by(one))) {
        chain.push(all.swap_remove(next));
    }
    Some(chain.into())
}
