//! Where a tenant's tokens come from: discovery of v1 and v2 endpoints (OpenID Connect Discovery 1.0, RFC 8414).

#[cfg(test)]
mod tests;

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::{
    cloud::Cloud,
    config::ConfigError,
    fetch::{FetchError, HttpClient, is_loopback},
    flight::{Boarding, Flight, Landing},
    tenant::{TenantId, TenantName},
};

/// A future without a name.
pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How long a caller waits for a discovery or key fetch that runs on its behalf.
///
/// The waiting request occupies a slot of the service behind the bearer layer, so the wait is short; the fetch goes on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The addresses and names of one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    tenant: TenantId,
    issuer_v2: String,
    issuer_v1: String,
    authorization: String,
    token: String,
    jwks: String,
}

impl Endpoints {
    /// Makes the documented endpoints of a tenant, without asking it; for machines that cannot reach discovery.
    #[must_use]
    pub fn documented(cloud: Cloud, tenant: TenantId) -> Self {
        let base = format!("{}/{tenant}", cloud.authority_host());
        Self {
            issuer_v2: format!("{base}/v2.0"),
            issuer_v1: cloud.v1_issuer(&tenant),
            authorization: format!("{base}/oauth2/v2.0/authorize"),
            token: format!("{base}/oauth2/v2.0/token"),
            jwks: format!("{base}/discovery/v2.0/keys"),
            tenant,
        }
    }

    /// Returns the tenant's id.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Returns the issuer of v2 tokens.
    #[must_use]
    pub fn issuer_v2(&self) -> &str {
        &self.issuer_v2
    }

    /// Returns the issuer of v1 tokens.
    #[must_use]
    pub fn issuer_v1(&self) -> &str {
        &self.issuer_v1
    }

    /// Returns the authorization endpoint (RFC 6749 section 3.1).
    #[must_use]
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization
    }

    /// Returns the token endpoint (RFC 6749 section 3.2).
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token
    }

    /// Returns the address of the signing keys.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks
    }
}

/// Something at Entra that this service needs cannot be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Entra cannot be reached; next attempt in {} s", retry_after.as_secs())]
pub struct Unavailable {
    pub(crate) retry_after: Duration,
}

impl Unavailable {
    /// Says that the next attempt makes sense after this time; for key sources of your own.
    #[must_use]
    pub const fn new(retry_after: Duration) -> Self {
        Self { retry_after }
    }

    /// Returns when the next attempt makes sense.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

/// The sign-in service of one tenant; discovers its endpoints when they are first needed, and keeps them.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    host: Box<str>,
    cloud: Cloud,
    tenant: TenantName,
    http: HttpClient,
    known: ArcSwapOption<Endpoints>,
    flight: Flight,
}

impl Authority {
    pub(crate) fn new(host: &str, cloud: Cloud, tenant: TenantName, http: HttpClient) -> Self {
        let flight = Flight::new(Duration::ZERO, AFTER_FAILURE);
        Self(Arc::new(Inner { host: host.into(), cloud, tenant, http, known: ArcSwapOption::empty(), flight }))
    }

    pub(crate) fn fixed(endpoints: Endpoints, cloud: Cloud, http: HttpClient) -> Result<Self, ConfigError> {
        let tenant = TenantName::parse(endpoints.tenant.as_str())?;
        let fixed = Self::new(cloud.authority_host(), cloud, tenant, http);
        fixed.0.known.store(Some(Arc::new(endpoints)));
        Ok(fixed)
    }

    /// Returns the endpoints if discovery has succeeded before.
    #[must_use]
    pub fn known(&self) -> Option<Arc<Endpoints>> {
        self.0.known.load_full()
    }

    /// Returns the tenant as it was configured.
    #[must_use]
    pub fn tenant(&self) -> &TenantName {
        &self.0.tenant
    }

    /// Returns the host under which the tenant lives, without a trailing slash.
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
        self.known().ok_or(Unavailable { retry_after })
    }

    async fn discover(self) -> Landing {
        match self.0.documents().await {
            Ok(endpoints) => {
                self.0.known.store(Some(Arc::new(endpoints)));
                Landing::Success
            }
            Err(error) => {
                tracing::warn!(authority = &*self.0.host, tenant = self.0.tenant.as_str(), %error, "discovery failed");
                Landing::Failure
            }
        }
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("host", &self.0.host).field("tenant", &self.0.tenant).finish_non_exhaustive()
    }
}

/// Why discovery failed.
#[derive(Debug, thiserror::Error)]
enum DiscoveryError {
    #[error("no answer: {0}")]
    Fetch(#[from] FetchError),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer is not a discovery document")]
    Document,
    #[error("the document's {0} is not usable")]
    Field(&'static str),
    #[error("the document is that of another tenant")]
    OtherTenant,
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
        let base = format!("{}/{}", self.host, self.tenant.as_str());
        let v2: V2Document = self.read(&format!("{base}/v2.0/.well-known/openid-configuration")).await?;
        let tenant = tenant_of(&v2.issuer).ok_or(DiscoveryError::Field("issuer"))?;
        if self.tenant.id().is_some_and(|asked| asked != tenant) {
            return Err(DiscoveryError::OtherTenant);
        }
        let issuer_v1 = match self.read::<V1Document>(&format!("{base}/.well-known/openid-configuration")).await {
            Ok(v1) if tenant_of(&v1.issuer).as_ref() == Some(&tenant) => v1.issuer,
            Ok(_) => return Err(DiscoveryError::OtherTenant),
            // Only an authority that says it has no v1 document gets the catalogue's name; any other failure is a failure.
            Err(DiscoveryError::Status(StatusCode::NOT_FOUND)) => self.cloud.v1_issuer(&tenant),
            Err(error) => return Err(error),
        };
        Ok(Endpoints {
            tenant,
            issuer_v2: v2.issuer,
            issuer_v1,
            authorization: address(v2.authorization_endpoint, "authorization_endpoint")?,
            token: address(v2.token_endpoint, "token_endpoint")?,
            jwks: address(v2.jwks_uri, "jwks_uri")?,
        })
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, url: &str) -> Result<T, DiscoveryError> {
        let answer = self.http.get(url).await?;
        match answer.status() {
            StatusCode::OK => serde_json::from_slice(answer.body()).map_err(|_| DiscoveryError::Document),
            status => Err(DiscoveryError::Status(status)),
        }
    }
}

/// Finds the tenant id that Entra puts first in an issuer's path.
fn tenant_of(issuer: &str) -> Option<TenantId> {
    let url = usable(issuer)?;
    TenantId::parse(url.path_segments()?.next()?).ok()
}

fn address(text: String, field: &'static str) -> Result<String, DiscoveryError> {
    usable(&text).map(|_| text).ok_or(DiscoveryError::Field(field))
}

/// An address that tokens, keys and secrets may travel to or be named after: https, or http on loopback.
fn usable(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let private = url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_loopback));
    (private && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()).then_some(url)
}

/// Reads an authority host: https, or http on loopback, without a path. Trailing slashes are dropped.
pub(crate) fn parse_host(text: &str) -> Result<(Box<str>, Option<Cloud>), ConfigError> {
    let refuse = |why| ConfigError::Url { what: "authority host", given: text.to_owned(), why };
    let bare = text.trim_end_matches('/');
    let url = usable(bare).ok_or_else(|| refuse("it must be https, or http on loopback, without credentials"))?;
    // The URL parser forgives blanks, backslashes and missing slashes; the requests that are made of this text do not.
    let origin = url.origin().ascii_serialization();
    if !origin.eq_ignore_ascii_case(bare) {
        return Err(refuse(
            "it must be spelled scheme://host, with a port only if that is not the default, and end there",
        ));
    }
    let cloud = url.host_str().and_then(Cloud::of_authority_host);
    Ok((origin.into(), cloud))
}
