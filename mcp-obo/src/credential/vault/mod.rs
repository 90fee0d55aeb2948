//! Certificates in Azure Key Vault: exported to this process, or signing where they are.

mod address;
mod client;
mod contents;
mod error;
mod reading;
mod remote;
mod tenant;
#[cfg(test)]
mod tests;

use std::{error::Error, sync::Arc};

#[cfg(feature = "reqwest")]
use mcp_auth_layer::fetch::FetchLimits;
use mcp_auth_layer::{cloud::Cloud, config::ConfigError, fetch::HttpClient};

pub use self::error::{VaultDenial, VaultError, VaultOperation};
use self::{
    address::{Item, VaultAddress},
    client::VaultClient,
    reading::{Plan, Reader, Source},
};
use super::{
    assertion::Algorithm,
    certificate::{SendChain, Style},
    presents::presents_its_key,
    thumbprint::Thumbprint,
};
use crate::{Target, TokenSource};

const TRACE: &str = "mcp_obo::credential";

/// A Key Vault, and the identity that asks it.
///
/// Tokens for it are shown to nobody else: its host must be one of the cloud's vaults, or on loopback for tests.
///
/// # Defaults
/// 10 s for an operation, its token included. After one that failed the vault is left alone for 30 s, or as long as it says.
#[derive(Clone, Debug)]
pub struct KeyVault(VaultClient);

impl KeyVault {
    /// Names a vault, such as `https://contoso.vault.azure.net`, and who gets tokens for it.
    ///
    /// # Errors
    /// [`ConfigError::Url`] when it is no vault of this cloud, [`ConfigError::HttpClient`] when no client can be made.
    #[cfg(feature = "reqwest")]
    pub fn new(url: &str, cloud: Cloud, tokens: impl TokenSource + 'static) -> Result<Self, ConfigError> {
        Self::over(HttpClient::reqwest(FetchLimits::default())?, url, cloud, tokens)
    }

    /// Returns what the identity is asked for, to declare it.
    ///
    /// None for clouds whose vaults' addresses are not published.
    #[must_use]
    pub fn target_in(cloud: Cloud) -> Option<Target> {
        address::target_in(cloud)
    }

    /// Names a vault that is asked with this HTTP client.
    ///
    /// # Errors
    /// [`ConfigError::Url`] when it is no vault of this cloud.
    pub fn over(
        http: HttpClient,
        url: &str,
        cloud: Cloud,
        tokens: impl TokenSource + 'static,
    ) -> Result<Self, ConfigError> {
        Ok(Self(VaultClient::new(VaultAddress::new(url, cloud)?, http, Arc::new(tokens))))
    }
}

/// A certificate in Key Vault, which signs what proves the app (RFC 7523).
///
/// It is read when it is first needed, again every four hours (every ten minutes on its last day), and at once when Entra
/// refuses it, so that a new version is used without a restart. While the vault does not answer, what was read before stays in
/// use. Nothing is read when it is made: an unreachable vault shows when the first user is exchanged.
///
/// # Defaults
/// The newest version; PS256 with the SHA-256 thumbprint; the certificate itself is not sent.
pub struct KeyVaultCertificate(Arc<Reader>);

impl KeyVaultCertificate {
    /// Reads a *secret*, private key included.
    ///
    /// It is a certificate that the vault manages with an exportable key (PEM, or PKCS#12 with feature `pfx`), a secret with
    /// PEM text in it, or JSON with PEM text as `privateKey` or `privateKeyPem`.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for a name that no secret has.
    pub fn from_secret(vault: &KeyVault, name: &str) -> Result<Self, ConfigError> {
        Self::of(vault, Source::Secret(None), name)
    }

    /// Signs with the key of a *certificate*, which never leaves the vault.
    ///
    /// That is one request to the vault for each assertion, every eight minutes.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for a name that no certificate has.
    pub fn from_certificate(vault: &KeyVault, name: &str) -> Result<Self, ConfigError> {
        Self::of(vault, Source::Certificate, name)
    }

    /// Stays with one version, whatever is added later.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for what is no version.
    pub fn with_version(self, version: &str) -> Result<Self, ConfigError> {
        let plan = self.0.plan().clone();
        Ok(Self::planned(Plan { item: plan.item.with_version(version)?, ..plan }))
    }

    /// Names the certificate of a secret that holds a key alone.
    ///
    /// With a SHA-1 thumbprint assertions are signed with RS256. Where there is a certificate it says more, and the thumbprint
    /// is not used.
    #[must_use]
    pub fn with_thumbprint(self, thumbprint: Thumbprint) -> Self {
        super::private_key::hint(thumbprint);
        self.changed(|plan| {
            if let Source::Secret(named) = &mut plan.source {
                *named = Some(thumbprint);
            }
        })
    }

    /// Sends the certificates too (`x5c`).
    ///
    /// For apps that trust a subject name and issuer in place of one certificate. For a key that stays in the vault that is its
    /// own certificate alone: a vault shows the others to nobody.
    #[must_use]
    pub fn with_x5c(self) -> Self {
        self.changed(|plan| plan.style.chain = SendChain::Yes)
    }

    /// Signs with RS256, and adds the SHA-1 thumbprint, for authorities that know nothing newer.
    #[must_use]
    pub fn with_rs256(self) -> Self {
        self.changed(|plan| plan.style.algorithm = Algorithm::Rs256)
    }

    fn of(vault: &KeyVault, source: Source, name: &str) -> Result<Self, ConfigError> {
        let (client, item) = (vault.0.clone(), Item::new(name)?);
        Ok(Self::planned(Plan { client, source, item, style: Style::default() }))
    }

    fn changed(self, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = self.0.plan().clone();
        change(&mut plan);
        Self::planned(plan)
    }

    fn planned(plan: Plan) -> Self {
        Self(Arc::new(Reader::new(plan)))
    }
}

presents_its_key!(KeyVaultCertificate);

/// One line for the operator, with the cause, which an error's text leaves to its source.
fn report(why: &VaultError, what: &'static str) {
    tracing::warn!(
        target: TRACE,
        reason = %why,
        cause = why.source().map(tracing::field::display),
        "{what}",
    );
}
