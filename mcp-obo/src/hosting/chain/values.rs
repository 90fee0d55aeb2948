//! What a chain may know of its host, given by whoever reads the settings.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
    time::Duration,
};

use secrecy::SecretString;

use super::window::BrowserOptions;

/// The values that a chain's credentials are made of.
///
/// They are those of the Azure SDKs' variables; nothing here or behind it reads the environment. A blank one is as if not given.
///
/// # Defaults
/// Nothing is known: no service principal, no token file, no program can be found. A developer tool may take 30 s.
#[derive(Clone)]
pub struct HostValues {
    pub(super) tenant: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) secret: Option<SecretString>,
    pub(super) certificate: Option<CertificateFile>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) patience: Duration,
    pub(super) browser: BrowserOptions,
}

/// A service principal's certificate.
#[derive(Clone)]
pub(super) struct CertificateFile {
    pub(super) path: PathBuf,
    pub(super) password: SecretString,
    pub(super) chain: CertificateChain,
}

/// Whether the certificate travels with what it signs (`AZURE_CLIENT_SEND_CERTIFICATE_CHAIN`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateChain {
    /// Only its thumbprint does.
    #[default]
    StaysHere,
    /// It does, for apps that trust a subject name and issuer.
    IsSent,
}

impl Default for HostValues {
    fn default() -> Self {
        Self {
            tenant: None,
            client_id: None,
            secret: None,
            certificate: None,
            token_file: None,
            environment: Vec::new(),
            patience: Duration::from_secs(30),
            browser: BrowserOptions::default(),
        }
    }
}

impl HostValues {
    /// Begins with nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the tenant (`AZURE_TENANT_ID`), by its id or a domain.
    #[must_use]
    pub fn with_tenant(self, tenant: impl Into<String>) -> Self {
        Self { tenant: said(tenant.into()), ..self }
    }

    /// Names the service principal, or the user-assigned identity (`AZURE_CLIENT_ID`).
    #[must_use]
    pub fn with_client_id(self, id: impl Into<String>) -> Self {
        Self { client_id: said(id.into()), ..self }
    }

    /// Gives the service principal's secret (`AZURE_CLIENT_SECRET`).
    #[must_use]
    pub fn with_client_secret(self, secret: impl Into<String>) -> Self {
        let secret = secret.into();
        Self { secret: (!secret.trim().is_empty()).then(|| SecretString::from(secret)), ..self }
    }

    /// Gives the service principal's certificate (`AZURE_CLIENT_CERTIFICATE_PATH`, `…_PASSWORD`).
    ///
    /// An empty password is none.
    #[must_use]
    pub fn with_certificate(
        self,
        path: impl Into<PathBuf>,
        password: impl Into<String>,
        chain: CertificateChain,
    ) -> Self {
        let path = path.into();
        let password = SecretString::from(password.into());
        let certificate = (!is_blank(path.as_os_str())).then_some(CertificateFile { path, password, chain });
        Self { certificate, ..self }
    }

    /// Names the file with the workload's token (`AZURE_FEDERATED_TOKEN_FILE`).
    #[must_use]
    pub fn with_federated_token_file(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { token_file: (!is_blank(path.as_os_str())).then_some(path), ..self }
    }

    /// Gives the environment in which developers' tools run; its `PATH` is where they are looked for.
    ///
    /// They get it without what is this service's own secret.
    #[must_use]
    pub fn with_environment(self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { environment: variables.into_iter().collect(), ..self }
    }

    /// Limits the time of a developer tool.
    #[must_use]
    pub fn with_tool_timeout(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Says how people sign in to a browser.
    #[must_use]
    pub fn with_browser(self, browser: BrowserOptions) -> Self {
        Self { browser, ..self }
    }

    /// Returns a variable of the environment; Windows spells them in any case.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        let is_it = |given: &OsStr| {
            if cfg!(windows) { given.eq_ignore_ascii_case(name) } else { given == name }
        };
        let found = self.environment.iter().find(|(given, _)| is_it(given));
        found.map(|(_, value)| value.as_os_str()).filter(|value| !is_blank(value))
    }
}

impl fmt::Debug for HostValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostValues")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("secret", &self.secret.as_ref().map(|_| "[..]"))
            .field("certificate", &self.certificate.as_ref().map(|file| &file.path))
            .field("token_file", &self.token_file)
            .field("patience", &self.patience)
            .field("browser", &self.browser)
            .finish_non_exhaustive()
    }
}

fn said(text: String) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn is_blank(text: &OsStr) -> bool {
    text.to_str().is_some_and(|text| text.trim().is_empty())
}
