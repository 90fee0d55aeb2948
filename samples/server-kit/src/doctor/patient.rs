//! What a server hands over to have itself examined.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use mcp_auth_layer::{EntraApp, config::ConfigError, fetch::Egress};
use mcp_obo::{Catalogue, ClientCredentials, HostingIdentity};
use secrecy::SecretString;

use super::{
    check::Check,
    endpoint::{Endpoint, merge},
    errand::Errand,
    network::resolve::{Resolver, SystemResolver},
};
use crate::{
    logging,
    settings::{Mistakes, Reader, Vars, explained},
};

/// A server, as far as it can be examined.
///
/// # Defaults
/// No mistakes and no warnings; no endpoint, no errand; [`Catalogue::known`]; names are looked up by the system.
#[derive(Clone, Debug)]
pub struct Patient {
    pub(super) program: &'static str,
    pub(super) env_file: Option<PathBuf>,
    pub(super) mistakes: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) egress: Result<Egress, EgressFault>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) service: Option<Service>,
    pub(super) errands: Vec<Errand>,
    pub(super) own: Vec<Check>,
    pub(super) catalogue: Catalogue,
    pub(super) resolver: Arc<dyn Resolver>,
}

/// Which variable of the network cannot be used, in words.
#[derive(Clone, Debug)]
pub(super) enum EgressFault {
    Proxy(String),
    Roots(String),
}

impl EgressFault {
    fn of(error: &ConfigError) -> Self {
        let text = explained(error);
        if matches!(error, ConfigError::Proxy { .. }) { Self::Proxy(text) } else { Self::Roots(text) }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Proxy(text) | Self::Roots(text) => text,
        }
    }
}

/// With what the mistake begins that is about the HTTP client itself.
const NO_CLIENT: &str = "the HTTP client:";

/// A server whose settings can be used.
#[derive(Clone)]
pub struct Service {
    /// The app registration's display name, as far as anybody here knows it.
    pub application: String,
    /// The app; where nobody calls in, that of the hosting identity, whose tenant and network are looked at.
    pub app: EntraApp,
    /// The bare name of a scope by which users call this server.
    pub scope: String,
    /// With what it proves that it is that app; none where it acts for nobody.
    pub credentials: Option<ClientCredentials>,
    /// Its own identity, with every API declared that is called as it; none where it only acts for users.
    pub hosting: Option<HostingIdentity>,
    /// Where it listens, and by what URL clients know it; none on standard input and output.
    pub listener: Option<Listener>,
    /// A user's access token for this server, by which more can be found out.
    pub user_token: Option<SecretString>,
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub struct Listener {
    /// The address of this machine.
    pub address: SocketAddr,
    /// Scheme and authority as clients have it.
    pub public_base_url: String,
}

impl Patient {
    /// Takes what can be known of any server: the variables of the network and of logging.
    #[must_use]
    pub fn new(program: &'static str, vars: &dyn Vars) -> Self {
        let reader = Reader::new(vars);
        let egress = Egress::from_variables(|name| reader.get(name)).map_err(|error| EgressFault::of(&error));
        Self {
            program,
            env_file: None,
            mistakes: logging::check(vars).err().into_iter().collect(),
            warnings: Vec::new(),
            egress,
            endpoints: Vec::new(),
            service: None,
            errands: Vec::new(),
            own: Vec::new(),
            catalogue: Catalogue::known(),
            resolver: Arc::new(SystemResolver),
        }
    }

    /// Says which file was read besides the environment.
    #[must_use]
    pub fn with_env_file(mut self, file: Option<PathBuf>) -> Self {
        self.env_file = file;
        self
    }

    /// Says that the settings cannot be used.
    ///
    /// What concerns the network alone is examined as that: it is not told twice.
    #[must_use]
    pub fn with_mistakes(mut self, mistakes: Mistakes) -> Self {
        for text in mistakes.0 {
            match &self.egress {
                // A client that cannot be built has no certificates to trust.
                Ok(_) if text.starts_with(NO_CLIENT) => self.egress = Err(EgressFault::Roots(text)),
                // The same mistake once more.
                Err(known) if text == known.text() || text.starts_with(NO_CLIENT) => {}
                _ => self.mistakes.push(text),
            }
        }
        self
    }

    /// Says what the operator should know.
    #[must_use]
    pub fn with_warnings(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// Says that the settings can be used, and what came of them.
    #[must_use]
    pub fn with_service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Adds hosts that have to be reached.
    #[must_use]
    pub fn with_endpoints(mut self, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        self.endpoints = merge(self.endpoints, endpoints);
        self
    }

    /// Adds what a tool does.
    #[must_use]
    pub fn with_errand(mut self, errand: Errand) -> Self {
        self.errands.push(errand);
        self
    }

    /// Adds a check that only this server knows how to make.
    #[must_use]
    pub fn with_check(mut self, check: Check) -> Self {
        self.own.push(check);
        self
    }

    /// Judges by another catalogue what can be called on behalf of a user.
    #[must_use]
    pub fn with_catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// Looks names up elsewhere than in the system; for tests.
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Returns the check for want of which nothing about the app can be found out.
    pub(super) fn unfit(&self) -> &'static str {
        match (&self.egress, self.mistakes.is_empty()) {
            (Err(EgressFault::Proxy(_)), true) => "proxy",
            (Err(EgressFault::Roots(_)), true) => "ca",
            _ => "configuration",
        }
    }
}

impl Service {
    /// Returns the line that gets a user's token for this server.
    pub(super) fn token_line(&self) -> String {
        let (id, scope) = (self.app.client_id(), &self.scope);
        format!("az account get-access-token --scope api://{id}/{scope} --query accessToken --output tsv")
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("application", &self.application)
            .field("app", &self.app)
            .field("hosting", &self.hosting)
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}
