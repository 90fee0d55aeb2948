//! Where a tenant's tokens come from: discovery of v1 and v2 endpoints (OpenID Connect Discovery 1.0, RFC 8414).

mod endpoints;
#[cfg(test)]
mod tests;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use http::StatusCode;
use serde::Deserialize;

pub use self::endpoints::{Endpoints, Reach};
use self::endpoints::{Found, tenant_of};
use crate::{
    cloud::Cloud,
    config::ConfigError,
    discovery::{self, DiscoveryError},
    fetch::{HttpClient, TransportFault},
    flight::{Boarding, Flight, Landing},
    tenant::TenantName,
};

/// A future without a name.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How long a caller waits for a discovery or key fetch that runs on its behalf.
///
/// The waiting request occupies a slot of the service behind the bearer layer, so the wait is short; the fetch goes on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Whose authority it is, as an administrator says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Directory {
    /// One tenant, by id or domain.
    Tenant(TenantName),
    /// Any organisation.
    Organizations,
    /// Any organisation and personal accounts.
    Common,
}

impl Directory {
    fn segment(&self) -> &str {
        match self {
            Self::Tenant(name) => name.as_str(),
            Self::Organizations => Reach::Organizations.segment(),
            Self::Common => Reach::Common.segment(),
        }
    }

    /// Tells whether endpoints of this reach are this directory's.
    pub(crate) fn has(&self, reach: &Reach) -> bool {
        match (self, reach) {
            (Self::Tenant(name), Reach::Tenant(id)) => name.id().is_none_or(|asked| asked == *id),
            (Self::Organizations, Reach::Organizations) | (Self::Common, Reach::Common) => true,
            (Self::Tenant(_) | Self::Organizations | Self::Common, _) => false,
        }
    }
}

/// Something at Entra that this service needs cannot be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Entra cannot be reached; next attempt in {} s", retry_after.as_secs())]
pub struct Unavailable {
    pub(crate) retry_after: Duration,
    fault: Option<TransportFault>,
}

impl Unavailable {
    /// Says that the next attempt makes sense after this time; for key sources of your own.
    #[must_use]
    pub const fn new(retry_after: Duration) -> Self {
        Self { retry_after, fault: None }
    }

    /// Says what failed on the way.
    #[must_use]
    pub const fn with_fault(self, fault: TransportFault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// Returns when the next attempt makes sense.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }

    /// Returns what failed on the way, when that is known and it was the way that failed.
    #[must_use]
    pub const fn fault(&self) -> Option<TransportFault> {
        self.fault
    }
}

/// The sign-in service of one tenant, or of many; discovers its endpoints when they are first needed, and keeps them.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    host: Box<str>,
    cloud: Cloud,
    directory: Directory,
    http: HttpClient,
    known: ArcSwapOption<Endpoints>,
    /// What failed on the way when discovery was tried last.
    fault: ArcSwapOption<TransportFault>,
    flight: Flight,
}

impl Authority {
    pub(crate) fn new(host: &str, cloud: Cloud, directory: Directory, http: HttpClient) -> Self {
        let flight = Flight::new(Duration::ZERO, AFTER_FAILURE);
        Self(Arc::new(Inner {
            host: host.into(),
            cloud,
            directory,
            http,
            known: ArcSwapOption::empty(),
            fault: ArcSwapOption::empty(),
            flight,
        }))
    }

    /// Uses endpoints that are known beforehand.
    pub(crate) fn fixed(endpoints: Endpoints, cloud: Cloud, directory: Directory, http: HttpClient) -> Self {
        let fixed = Self::new(cloud.authority_host(), cloud, directory, http);
        fixed.0.known.store(Some(Arc::new(endpoints)));
        fixed
    }

    /// Returns the endpoints if discovery has succeeded before.
    #[must_use]
    pub fn known(&self) -> Option<Arc<Endpoints>> {
        self.0.known.load_full()
    }

    /// Returns the tenant as it was configured, when it is just one.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantName> {
        match &self.0.directory {
            Directory::Tenant(name) => Some(name),
            Directory::Organizations | Directory::Common => None,
        }
    }

    /// Returns what stands in the tenant's place: its id, its domain, or `organizations`.
    #[must_use]
    pub fn segment(&self) -> &str {
        self.0.directory.segment()
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// Returns the host under which it lives, without a trailing slash.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Returns the endpoints, discovering them if need be; waits 2 s at most.
    ///
    /// # Errors
    /// [`Unavailable`] while discovery fails. There is no fall-back to guessed names.
    pub async fn endpoints(&self) -> Result<Arc<Endpoints>, Unavailable> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let authority = self.clone();
        let retry_after = match self.0.flight.board(move || async move { authority.discover().await }) {
            Boarding::CoolingDown { left, .. } => left,
            Boarding::Aboard(ticket) => {
                // Success or not, what counts is what is known afterwards.
                let _ = tokio::time::timeout(PATIENCE, ticket.landing()).await;
                AFTER_FAILURE
            }
        };
        self.known().ok_or_else(|| {
            let why = Unavailable::new(retry_after);
            self.0.fault.load().as_deref().map_or(why, |fault| why.with_fault(*fault))
        })
    }

    async fn discover(self) -> Landing {
        match self.0.documents().await {
            Ok(endpoints) => {
                self.0.known.store(Some(Arc::new(endpoints)));
                Landing::Success
            }
            Err(error) => {
                tracing::warn!(authority = &*self.0.host, tenant = self.segment(), %error, "discovery failed");
                self.0.fault.store(error.fault().map(Arc::new));
                Landing::Failure
            }
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("host", &self.0.host)
            .field("directory", &self.0.directory)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct V2Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct V1Document {
    issuer: String,
}

impl Inner {
    async fn documents(&self) -> Result<Endpoints, DiscoveryError> {
        let base = format!("{}/{}", self.host, self.directory.segment());
        let v2: V2Document =
            discovery::read(&self.http, &format!("{base}/v2.0/.well-known/openid-configuration")).await?;
        let (reach, in_issuer) = match &self.directory {
            Directory::Organizations => (Reach::Organizations, "{tenantid}".to_owned()),
            Directory::Common => (Reach::Common, "{tenantid}".to_owned()),
            Directory::Tenant(_) => {
                let tenant = tenant_of(&v2.issuer).ok_or(DiscoveryError::Field("issuer"))?;
                (Reach::Tenant(tenant.clone()), tenant.to_string())
            }
        };
        if !self.directory.has(&reach) {
            return Err(DiscoveryError::OtherIssuer);
        }
        let v1 = discovery::read::<V1Document>(&self.http, &format!("{base}/.well-known/openid-configuration")).await;
        let issuer_v1 = match v1 {
            Ok(v1) => Some(v1.issuer),
            // Only an authority that says it has no v1 document gets the catalogue's name; any other failure is a failure.
            Err(DiscoveryError::Status(StatusCode::NOT_FOUND)) => self.cloud.v1_issuer(&in_issuer),
            Err(error) => return Err(error),
        };
        let found = Found {
            issuer_v2: v2.issuer,
            issuer_v1,
            authorization: v2.authorization_endpoint,
            token: v2.token_endpoint,
            jwks: v2.jwks_uri,
        };
        Endpoints::of_found(found, reach)
    }
}

/// Reads an authority host: https, or http on loopback, without a path. Trailing slashes are dropped.
pub(crate) fn parse_host(text: &str) -> Result<(Box<str>, Option<Cloud>), ConfigError> {
    let refuse = |why| ConfigError::Url { what: "authority host", given: text.to_owned(), why };
    let bare = text.trim_end_matches('/');
    let url =
        discovery::usable(bare).ok_or_else(|| refuse("it must be https, or http on loopback, without credentials"))?;
    // The URL parser forgives blanks, backslashes and missing slashes; the requests that are made of this text do not.
    let origin = url.origin().ascii_serialization();
    if !origin.eq_ignore_ascii_case(bare) {
        return Err(refuse(
            "it must be spelled scheme://host, with a port only if that is not the default, and end there",
        ));
    }
    if url.host_str().is_some_and(|host| host.ends_with(".b2clogin.com")) {
        return Err(refuse(
            "Azure AD B2C is a plain issuer with policies in its path, and has no On-Behalf-Of: see `oidc`",
        ));
    }
    let cloud = url.host_str().and_then(Cloud::of_authority_host);
    Ok((origin.into(), cloud))
}
