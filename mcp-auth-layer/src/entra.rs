//! The one value from which the bearer layer and the exchange are both built.

use std::sync::Arc;

use crate::{
    audience::Audiences,
    authority::{self, Authority, Endpoints},
    clock::{Clock, SystemClock},
    cloud::Cloud,
    config::ConfigError,
    fetch::HttpClient,
    tenant::{TenantName, is_guid},
};

/// An app registration in Entra ID: this service.
///
/// Which audience is ours and which client exchanges tokens are the same setting, so they are one value. Cloning is cheap,
/// and clones share what discovery found. No constructor does I/O.
///
/// # Defaults
/// Accepted audiences: the client id and `api://` + client id. Cloud: public. Clock: the system's.
#[derive(Clone, Debug)]
pub struct EntraApp(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    client_id: Box<str>,
    audiences: Audiences,
    cloud: Cloud,
    authority: Authority,
    clock: Arc<dyn Clock>,
    http: HttpClient,
}

impl EntraApp {
    /// Describes an app of one tenant, reached through the ready-made HTTP client.
    ///
    /// `tenant` is the tenant's id or one of its domains, `client_id` the app's GUID.
    ///
    /// # Errors
    /// [`ConfigError`] for a tenant that is not exactly one, a client id that is not a GUID, or a machine without TLS roots.
    #[cfg(feature = "reqwest")]
    pub fn single_tenant(tenant: &str, client_id: &str) -> Result<Self, ConfigError> {
        let http = HttpClient::reqwest(crate::fetch::FetchLimits::default())?;
        Self::single_tenant_over(http, tenant, client_id)
    }

    /// Describes an app of one tenant, reached through a client of your own.
    ///
    /// # Errors
    /// [`ConfigError`] for a tenant that is not exactly one, or a client id that is not a GUID.
    pub fn single_tenant_over(http: HttpClient, tenant: &str, client_id: &str) -> Result<Self, ConfigError> {
        let tenant = TenantName::parse(tenant)?;
        if !is_guid(client_id) {
            return Err(ConfigError::ClientId { given: client_id.to_owned() });
        }
        let client_id = client_id.to_ascii_lowercase();
        let cloud = Cloud::default();
        Ok(Self(Arc::new(Inner {
            audiences: Audiences::of_client(&client_id),
            client_id: client_id.into(),
            cloud,
            authority: Authority::new(cloud.authority_host(), cloud, tenant, http.clone()),
            clock: Arc::new(SystemClock),
            http,
        })))
    }

    /// Accepts one more audience, compared byte for byte.
    ///
    /// # Errors
    /// [`ConfigError::KnownResource`] for Microsoft Graph and its like, [`ConfigError::Audience`] for a blank.
    pub fn add_audience(mut self, exact: &str) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.0).audiences.add(exact)?;
        Ok(self)
    }

    /// Moves the app to another cloud, with that cloud's authority host; forgets endpoints that were given before.
    #[must_use]
    pub fn with_cloud(self, cloud: Cloud) -> Self {
        self.at(cloud.authority_host(), cloud)
    }

    /// Uses another authority host; `https`, or `http` on loopback.
    ///
    /// A known host decides the cloud. Endpoints that were given before are forgotten.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for a host with a path, or plain http outside loopback.
    pub fn with_authority_host(self, host: &str) -> Result<Self, ConfigError> {
        let (host, cloud) = authority::parse_host(host)?;
        let cloud = cloud.unwrap_or(self.0.cloud);
        Ok(self.at(&host, cloud))
    }

    /// Uses endpoints that are known beforehand instead of discovery.
    ///
    /// # Errors
    /// [`ConfigError::Tenant`] when they belong to another tenant than the app's.
    pub fn with_endpoints(mut self, endpoints: Endpoints) -> Result<Self, ConfigError> {
        let asked = self.0.authority.tenant();
        if asked.id().as_ref().is_some_and(|id| id != endpoints.tenant()) {
            return Err(ConfigError::Tenant { given: endpoints.tenant().to_string() });
        }
        let inner = Arc::make_mut(&mut self.0);
        inner.authority = Authority::fixed(endpoints, inner.cloud, inner.http.clone())?;
        Ok(self)
    }

    /// Uses another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.0).clock = Arc::new(clock);
        self
    }

    /// Returns the client id, in lower case.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// Returns the accepted audiences.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.0.audiences.iter()
    }

    /// Returns the cloud.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.0.cloud
    }

    /// Returns the tenant's sign-in service.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.0.authority
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Returns the HTTP client.
    #[must_use]
    pub fn http(&self) -> &HttpClient {
        &self.0.http
    }

    pub(crate) fn accepted(&self) -> &Audiences {
        &self.0.audiences
    }

    fn at(mut self, host: &str, cloud: Cloud) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        let tenant = inner.authority.tenant().clone();
        inner.cloud = cloud;
        inner.authority = Authority::new(host, cloud, tenant, inner.http.clone());
        self
    }
}
