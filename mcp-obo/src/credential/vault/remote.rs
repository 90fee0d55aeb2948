//! A private key that never leaves its vault.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Uri;
use serde_json::json;

use super::{
    super::assertion::{Algorithm, Signer, SigningError},
    VaultError, VaultOperation,
    client::VaultClient,
};
use crate::boxed::BoxFuture;

/// A key at the address where it signs.
pub(super) struct RemoteKey {
    client: VaultClient,
    address: Uri,
    /// `RSAPublicKey` of the certificate.
    public_key: Vec<u8>,
}

impl RemoteKey {
    pub(super) fn new(client: VaultClient, address: Uri, public_key: Vec<u8>) -> Self {
        Self { client, address, public_key }
    }

    async fn signature(&self, algorithm: Algorithm, message: &str) -> Result<Vec<u8>, VaultError> {
        const UNUSABLE: VaultError = VaultError::Answer { why: "it is not a signature of the certificate's key" };
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, message.as_bytes()));
        let order = json!({ "alg": algorithm.as_str(), "value": hash });
        let answer = self.client.post(VaultOperation::Sign, &self.address, &order).await?;
        let text = answer["value"].as_str().ok_or(UNUSABLE)?.trim_end_matches('=');
        let signature = URL_SAFE_NO_PAD.decode(text).map_err(|_| UNUSABLE)?;
        // Twenty microseconds, and what does not fit its certificate is found here and not by a puzzling answer of Entra.
        let rules: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        let public_key = UnparsedPublicKey::new(rules, &self.public_key);
        public_key.verify(message.as_bytes(), &signature).map(|()| signature).map_err(|_| UNUSABLE)
    }
}

impl Signer for RemoteKey {
    fn sign<'a>(&'a self, algorithm: Algorithm, message: &'a str) -> BoxFuture<'a, Result<Vec<u8>, SigningError>> {
        Box::pin(async move {
            self.signature(algorithm, message).await.map_err(|why| {
                super::report(&why, "Key Vault did not sign");
                SigningError::Vault(Arc::new(why))
            })
        })
    }

    fn name(&self) -> Vec<u8> {
        self.address.to_string().into_bytes()
    }
}

impl fmt::Debug for RemoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteKey").field(&self.address).finish()
    }
}
