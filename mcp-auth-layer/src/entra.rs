//! The one value from which the bearer layer and the exchange are both built.

use std::sync::Arc;

use crate::{
    audience::Audiences,
    authority::{self, Authority, Directory, Endpoints},
    clock::{Clock, SystemClock},
    cloud::Cloud,
    config::ConfigError,
    fetch::HttpClient,
    issuer::{PERSONAL_ACCOUNTS, Tenants},
    keys::{KeyLimits, RemoteKeys},
    tenant::{TenantId, TenantName, is_guid},
};

/// An app registration in Entra ID: this service.
///
/// Which audience is ours and which client exchanges tokens are the same setting, so they are one value. Cloning is cheap,
/// and clones share what discovery found and the signing keys. No constructor does I/O.
///
/// # Whose tokens count
/// - [`single_tenant`](Self::single_tenant): those of one tenant. This is what most services want.
/// - [`tenants`](Self::tenants): those of the organisations on a list.
/// - [`any_organization`](Self::any_organization): those of every organisation. Authorise callers by more than their being
///   signed in: everybody can make a tenant.
///
/// A token's `iss` is always that of its `tid`, and of a key that the issuer's document gives to that issuer.
///
/// # Defaults
/// Accepted audiences: the client id and `api://` + client id. Cloud: public. Clock: the system's.
#[derive(Clone, Debug)]
pub struct EntraApp(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    client_id: Box<str>,
    audiences: Audiences,
    tenants: Tenants,
    cloud: Cloud,
    authority: Authority,
    keys: RemoteKeys,
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
        let directory = Directory::Tenant(TenantName::parse(tenant)?);
        Self::new(http, client_id, directory, Tenants::Sole)
    }

    /// Describes an app that several organisations use, reached through the ready-made HTTP client.
    ///
    /// # Errors
    /// As [`tenants_over`](Self::tenants_over), and [`ConfigError::HttpClient`] for a machine without TLS roots.
    #[cfg(feature = "reqwest")]
    pub fn tenants(client_id: &str, allowed: impl IntoIterator<Item = TenantId>) -> Result<Self, ConfigError> {
        Self::tenants_over(HttpClient::reqwest(crate::fetch::FetchLimits::default())?, client_id, allowed)
    }

    /// Describes an app that several organisations use, reached through a client of your own.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list, [`ConfigError::Tenant`] for the tenant of personal accounts, and
    /// [`ConfigError::ClientId`] for a client id that is not a GUID.
    pub fn tenants_over(
        http: HttpClient,
        client_id: &str,
        allowed: impl IntoIterator<Item = TenantId>,
    ) -> Result<Self, ConfigError> {
        let allowed: std::collections::BTreeSet<_> = allowed.into_iter().collect();
        if allowed.is_empty() {
            return Err(ConfigError::Empty { what: "the list of allowed tenants" });
        }
        if let Some(personal) = allowed.iter().find(|tenant| tenant.is(PERSONAL_ACCOUNTS)) {
            return Err(ConfigError::Tenant { given: personal.to_string() });
        }
        Self::new(http, client_id, Directory::Organizations, Tenants::Listed(allowed))
    }

    /// Describes an app that any organisation may use, reached through the ready-made HTTP client.
    ///
    /// # Errors
    /// As [`any_organization_over`](Self::any_organization_over), and [`ConfigError::HttpClient`] for a machine without TLS
    /// roots.
    #[cfg(feature = "reqwest")]
    pub fn any_organization(client_id: &str) -> Result<Self, ConfigError> {
        Self::any_organization_over(HttpClient::reqwest(crate::fetch::FetchLimits::default())?, client_id)
    }

    /// Describes an app that any organisation may use, reached through a client of your own.
    ///
    /// # Errors
    /// [`ConfigError::ClientId`] for a client id that is not a GUID.
    pub fn any_organization_over(http: HttpClient, client_id: &str) -> Result<Self, ConfigError> {
        Self::new(http, client_id, Directory::Organizations, Tenants::AnyOrganization)
    }

    /// Lets personal Microsoft accounts in besides any organisation.
    ///
    /// # Errors
    /// [`ConfigError::Tenant`] for an app of one tenant or of a list of tenants, which personal accounts are none of.
    pub fn with_personal_accounts(mut self) -> Result<Self, ConfigError> {
        if self.0.tenants != Tenants::AnyOrganization {
            return Err(ConfigError::Tenant { given: PERSONAL_ACCOUNTS.to_owned() });
        }
        let host = self.0.authority.host().to_owned();
        let inner = Arc::make_mut(&mut self.0);
        inner.tenants = Tenants::AnyAccount;
        inner.move_to(&host, inner.cloud, Directory::Common);
        Ok(self)
    }

    fn new(http: HttpClient, client_id: &str, directory: Directory, tenants: Tenants) -> Result<Self, ConfigError> {
        if !is_guid(client_id) {
            return Err(ConfigError::ClientId { given: client_id.to_owned() });
        }
        let client_id = client_id.to_ascii_lowercase();
        let cloud = Cloud::default();
        let authority = Authority::new(cloud.authority_host(), cloud, directory, http.clone());
        Ok(Self(Arc::new(Inner {
            audiences: Audiences::of_client(&client_id),
            client_id: client_id.into(),
            tenants,
            cloud,
            keys: RemoteKeys::new(authority.clone(), http.clone(), KeyLimits::default()),
            authority,
            clock: Arc::new(SystemClock),
            http,
        })))
    }

    /// Describes another app of one tenant, in the same cloud, over the same network and by the same clock.
    ///
    /// What discovery finds is shared where it is the same tenant.
    ///
    /// # Errors
    /// [`ConfigError`] for a tenant that is not exactly one, or a client id that is not a GUID.
    pub fn beside(&self, tenant: &str, client_id: &str) -> Result<Self, ConfigError> {
        self.neighbour(client_id, Directory::Tenant(TenantName::parse(tenant)?), Tenants::Sole)
    }

    /// Describes another app, which any organisation may use, in the same cloud, over the same network and by the same clock.
    ///
    /// # Errors
    /// [`ConfigError::ClientId`] for a client id that is not a GUID.
    pub fn beside_for_any_organization(&self, client_id: &str) -> Result<Self, ConfigError> {
        self.neighbour(client_id, Directory::Organizations, Tenants::AnyOrganization)
    }

    fn neighbour(&self, client_id: &str, directory: Directory, tenants: Tenants) -> Result<Self, ConfigError> {
        let mut app = Self::new(self.0.http.clone(), client_id, directory.clone(), tenants)?;
        let inner = Arc::make_mut(&mut app.0);
        inner.clock = Arc::clone(&self.0.clock);
        let own = self.authority();
        if *own.directory() == directory {
            (inner.cloud, inner.authority, inner.keys) = (self.0.cloud, own.clone(), self.0.keys.clone());
        } else {
            inner.move_to(own.host(), self.0.cloud, directory);
        }
        Ok(app)
    }

    /// Accepts one more audience, compared byte for byte.
    ///
    /// # Errors
    /// [`ConfigError::KnownResource`] for Microsoft Graph and its like, [`ConfigError::Audience`] for a blank.
    pub fn add_audience(mut self, exact: &str) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.0).audiences.add(exact)?;
        Ok(self)
    }

    /// Accepts these audiences and no others, compared byte for byte; for a route that has an audience of its own.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list, [`ConfigError::KnownResource`] for Microsoft Graph and its like,
    /// [`ConfigError::Audience`] for a blank.
    pub fn with_audiences<'a>(mut self, exact: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.0).audiences = Audiences::of(exact)?;
        Ok(self)
    }

    /// Moves the app to another cloud, with that cloud's authority host; forgets endpoints that were given before.
    #[must_use]
    pub fn with_cloud(mut self, cloud: Cloud) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.move_to(cloud.authority_host(), cloud, inner.authority.directory().clone());
        self
    }

    /// Uses another authority host; `https`, or `http` on loopback.
    ///
    /// A known host decides the cloud. Endpoints that were given before are forgotten.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for a host with a path, or plain http outside loopback.
    pub fn with_authority_host(mut self, host: &str) -> Result<Self, ConfigError> {
        let (host, cloud) = authority::parse_host(host)?;
        let cloud = cloud.unwrap_or(self.0.cloud);
        let inner = Arc::make_mut(&mut self.0);
        inner.move_to(&host, cloud, inner.authority.directory().clone());
        Ok(self)
    }

    /// Uses endpoints that are known beforehand instead of discovery.
    ///
    /// # Errors
    /// [`ConfigError::Tenant`] when they belong to another tenant than the app's, or to one where the app has many.
    pub fn with_endpoints(mut self, endpoints: Endpoints) -> Result<Self, ConfigError> {
        let directory = self.0.authority.directory();
        if !directory.has(endpoints.reach()) {
            return Err(ConfigError::Tenant { given: endpoints.reach().segment().to_owned() });
        }
        let authority = Authority::fixed(endpoints, self.0.cloud, directory.clone(), self.0.http.clone());
        Arc::make_mut(&mut self.0).use_authority(authority);
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

    /// Returns what is left of a scope behind each of the accepted audiences that it stands behind.
    ///
    /// One audience may begin another, so that there are several answers; a bare name has none.
    pub fn behind_audiences<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = &'a str> {
        self.audiences().filter_map(move |ours| scope.strip_prefix(ours)?.strip_prefix('/'))
    }

    /// Returns the cloud.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.0.cloud
    }

    /// Returns the sign-in service.
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

    pub(crate) fn tenants_that_count(&self) -> &Tenants {
        &self.0.tenants
    }

    /// Returns the tenant's signing keys, which all clones share.
    #[must_use]
    pub fn keys(&self) -> &RemoteKeys {
        &self.0.keys
    }
}

impl Inner {
    fn move_to(&mut self, host: &str, cloud: Cloud, directory: Directory) {
        self.cloud = cloud;
        self.use_authority(Authority::new(host, cloud, directory, self.http.clone()));
    }

    /// Keys of another authority are other keys.
    fn use_authority(&mut self, authority: Authority) {
        self.keys = RemoteKeys::new(authority.clone(), self.http.clone(), KeyLimits::default());
        self.authority = authority;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, Response};

    use super::*;
    use crate::clock::{FixedClock, UnixTime};

    const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
    const OTHER: &str = "99999999-2222-3333-4444-555555555555";

    fn app() -> EntraApp {
        let nobody = |_: Request<Bytes>| async { Ok::<_, std::convert::Infallible>(Response::new(Bytes::new())) };
        let http = HttpClient::new(tower::service_fn(nobody));
        let app = EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap();
        let app = app.with_cloud(Cloud::UsGov).with_clock(FixedClock::at(UnixTime::from_secs(7)));
        let endpoints = Endpoints::documented(Cloud::UsGov, TenantId::parse(TENANT).unwrap());
        app.with_endpoints(endpoints).unwrap()
    }

    #[test]
    fn another_app_is_in_the_same_cloud_and_has_only_its_own_audiences() {
        let app = app();
        let same = app.beside(TENANT, OTHER).unwrap();
        let elsewhere = app.beside("fabrikam.onmicrosoft.com", OTHER).unwrap();
        let anybody = app.beside_for_any_organization(OTHER).unwrap();
        for other in [&same, &elsewhere, &anybody] {
            assert_eq!((other.cloud(), other.clock().now().as_secs()), (Cloud::UsGov, 7));
            assert_eq!(other.authority().host(), app.authority().host());
            assert_eq!(other.audiences().collect::<Vec<_>>(), [OTHER, &format!("api://{OTHER}")]);
        }
        assert_eq!(same.authority().known(), app.authority().known(), "what is known of a tenant is known of it");
        assert_eq!((elsewhere.authority().known(), anybody.authority().known()), (None, None));
        assert_eq!(anybody.authority().segment(), "organizations");
        assert!(app.beside("common", OTHER).is_err() && app.beside(TENANT, "me").is_err());
    }
}
