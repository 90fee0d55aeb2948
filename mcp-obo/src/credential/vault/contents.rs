//! What vaults hold: secrets with a private key in them, in each form that is met, and certificates without.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    super::{
        certificate::{Certificate, CertificateError, Material, Name, chain_of},
        pem,
        thumbprint::Thumbprint,
    },
    VaultError,
};

/// An answer of `GET /secrets/{name}`.
pub(super) struct Secret {
    value: Zeroizing<String>,
    is_pfx: bool,
}

/// An answer of `GET /certificates/{name}`.
pub(super) struct Public {
    cer: String,
    kid: String,
}

impl Secret {
    pub(super) fn read(mut answer: Value) -> Result<Self, VaultError> {
        let Some(Value::String(value)) = answer.get_mut("value").map(Value::take) else {
            return Err(VaultError::Answer { why: "it is not a secret" });
        };
        // Certificates made by the vault say what they are; others are known by how DER begins in base64.
        let is_pfx = answer["contentType"] == "application/x-pkcs12" || value.trim_start().starts_with("MII");
        Ok(Self { value: Zeroizing::new(value), is_pfx })
    }

    /// Finds the key, and the certificate or at least its thumbprint.
    pub(super) fn material(&self, thumbprint: Option<Thumbprint>) -> Result<Material, VaultError> {
        let text = self.value.trim();
        if self.is_pfx {
            return pfx(text);
        }
        let pem = if text.starts_with('{') { unwrapped(text)? } else { with_lines(text) };
        let contents = pem::read(pem.as_bytes())?;
        Ok(match thumbprint {
            Some(thumbprint) => Material::named(contents, thumbprint)?,
            None => Material::certified(contents)?,
        })
    }
}

impl Public {
    pub(super) fn read(answer: &Value) -> Result<Self, VaultError> {
        match (answer["cer"].as_str(), answer["kid"].as_str()) {
            (Some(cer), Some(kid)) => Ok(Self { cer: cer.to_owned(), kid: kid.to_owned() }),
            _ => Err(VaultError::Answer { why: "it is not a certificate with a key" }),
        }
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the certificate as a name, and its public key.
    pub(super) fn name(&self) -> Result<(Name, Vec<u8>), VaultError> {
        let der = STANDARD.decode(&self.cer).map_err(|_| CertificateError::UnreadableCertificate)?;
        let certificate = Certificate::read(der)?;
        let public_key = certificate.public_key().ok_or(CertificateError::NotRsa)?.to_vec();
        let chain = chain_of(|_| true, vec![certificate]).ok_or(CertificateError::NoCertificate)?;
        Ok((Name::Chain(chain), public_key))
    }
}

/// Reads a private key within JSON: how scripts put one into a secret that takes one line.
fn unwrapped(json: &str) -> Result<Zeroizing<String>, VaultError> {
    let mut json: Value = serde_json::from_str(json).unwrap_or_default();
    for name in ["privateKey", "privateKeyPem"] {
        if let Some(Value::String(pem)) = json.get_mut(name).map(Value::take) {
            return Ok(with_lines(&Zeroizing::new(pem)));
        }
    }
    Err(VaultError::Answer { why: "the secret is JSON without `privateKey` or `privateKeyPem`" })
}

/// Repairs what lost its line ends on the way into the vault: `\n` in two characters, with or without `\r`.
fn with_lines(text: &str) -> Zeroizing<String> {
    let without_returns = Zeroizing::new(text.replace("\\r", ""));
    Zeroizing::new(without_returns.replace("\\n", "\n"))
}

#[cfg(feature = "pfx")]
fn pfx(text: &str) -> Result<Material, VaultError> {
    let base64 = Zeroizing::new(text.split_whitespace().collect::<String>());
    let bytes = Zeroizing::new(STANDARD.decode(&*base64).map_err(|_| CertificateError::NotPfx)?);
    // A vault exports without a password.
    Ok(Material::certified(super::super::pfx::read(&bytes, "")?)?)
}

#[cfg(not(feature = "pfx"))]
fn pfx(_: &str) -> Result<Material, VaultError> {
    Err(VaultError::Answer { why: "the secret is PKCS#12, which this program was built without (feature `pfx`)" })
}
