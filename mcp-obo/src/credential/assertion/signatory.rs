//! Who signs: a key that is here or elsewhere, and what the header calls it.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding},
};

use super::jwt::{Algorithm, Header};
use crate::{
    boxed::BoxFuture,
    credential::{CredentialError, VaultError},
};

/// A private key that signs, wherever it is.
pub(in super::super) trait Signer: fmt::Debug + Send + Sync + 'static {
    /// Signs with SHA-256 and the padding of `algorithm`.
    fn sign<'a>(&'a self, algorithm: Algorithm, message: &'a str) -> BoxFuture<'a, Result<Vec<u8>, SigningError>>;

    /// Returns what tells this key from others: its public half, or its address.
    fn name(&self) -> Vec<u8>;
}

/// Why nothing was signed; cloned for all who wait for the signature.
#[derive(Clone, Debug)]
pub(in super::super) enum SigningError {
    Key,
    Vault(Arc<VaultError>),
}

/// A key in memory did not sign, which no key that could be read has done yet.
#[derive(Debug, thiserror::Error)]
#[error("the private key did not sign")]
struct NotSigned;

impl From<SigningError> for CredentialError {
    fn from(why: SigningError) -> Self {
        match why {
            SigningError::Key => Self::Other { source: NotSigned.into() },
            SigningError::Vault(why) => Self::Vault(why),
        }
    }
}

/// A key with its name.
#[derive(Clone, Debug)]
pub(in super::super) struct Signatory {
    signer: Arc<dyn Signer>,
    algorithm: Algorithm,
    header: Box<str>,
    id: SignatoryId,
}

/// Tells signatories apart, by key, name and algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct SignatoryId([u8; 32]);

impl Signatory {
    pub(in super::super) fn new(signer: Arc<dyn Signer>, header: &Header<'_>) -> Self {
        let text: Box<str> = header.encoded().into();
        // The header has no control characters, so no other header and name make the same bytes.
        let mut identity = text.as_bytes().to_vec();
        identity.push(0);
        identity.extend_from_slice(&signer.name());
        let mut id = [0; 32];
        id.copy_from_slice(digest(&SHA256, &identity).as_ref());
        Self { signer, algorithm: header.algorithm, header: text, id: SignatoryId(id) }
    }

    pub(in super::super) const fn id(&self) -> SignatoryId {
        self.id
    }

    pub(super) fn header(&self) -> &str {
        &self.header
    }

    pub(super) async fn sign(&self, message: &str) -> Result<Vec<u8>, SigningError> {
        self.signer.sign(self.algorithm, message).await
    }
}

/// A private key in this process's memory.
#[derive(Clone)]
pub(in super::super) struct LocalKey(Arc<KeyPair>);

impl LocalKey {
    pub(in super::super) fn new(pair: KeyPair) -> Self {
        Self(Arc::new(pair))
    }

    /// Returns the public key, `RSAPublicKey` of RFC 8017 appendix A.1.1.
    pub(in super::super) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn sign_now(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let padding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::Ps256 => &RSA_PSS_SHA256,
            Algorithm::Rs256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .map(|()| signature)
            .map_err(|_| SigningError::Key)
    }
}

impl Signer for LocalKey {
    fn sign<'a>(&'a self, algorithm: Algorithm, message: &'a str) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        // A millisecond for 2048 bits, but thirty times that for 8192: too long for a worker thread.
        let (key, message) = (self.clone(), message.to_owned());
        Box::pin(async move {
            let signing = tokio::task::spawn_blocking(move || key.sign_now(algorithm, message.as_bytes()));
            signing.await.unwrap_or(Err(SigningError::Key))
        })
    }

    fn name(&self) -> Vec<u8> {
        self.public().to_vec()
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKey(..)")
    }
}
