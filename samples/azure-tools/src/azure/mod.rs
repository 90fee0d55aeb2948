//! Calls to Azure's services. A token goes to hosts of its own service and cloud, and nowhere else.

use std::time::Duration;

use mcp_auth_layer::{
    cloud::Cloud,
    config::ConfigError,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::Downstream;
use server_kit::failure::{Context, Failure};
use url::Url;

use crate::{failure, services::Service};

const MAX_ANSWER: usize = 8 << 20;

/// Azure, seen from here.
#[derive(Clone, Debug)]
pub struct Azure {
    cloud: Cloud,
    http: HttpClient,
    arm: Downstream,
    context: Context,
    /// The tenant of the hosting identity, where it is known by its id.
    tenant: Option<String>,
    /// The subscription of calls that name none.
    subscription: Option<String>,
}

impl Azure {
    /// Calls the services of a cloud through this network.
    ///
    /// # Errors
    /// [`ConfigError`] for a cloud whose Resource Manager is not known, and when no HTTP client can be made.
    pub fn new(cloud: Cloud, egress: &Egress, context: Context) -> Result<Self, ConfigError> {
        let limits = FetchLimits::default().with_timeout(Duration::from_secs(30)).with_max_body(MAX_ANSWER);
        let http = HttpClient::reqwest_through(limits, egress)?;
        let place = Service::Arm.place(cloud).ok_or(ConfigError::Empty { what: "this cloud's list of services" })?;
        let arm = Downstream::new(http.clone(), place.target(), place.resource)?;
        Ok(Self { cloud, http, arm, context, tenant: None, subscription: None })
    }

    /// Says which tenant the hosting identity is of.
    #[must_use]
    pub fn with_tenant(mut self, tenant: Option<String>) -> Self {
        self.tenant = tenant;
        self
    }

    /// Says which subscription is meant where none is named.
    #[must_use]
    pub fn with_subscription(mut self, subscription: Option<String>) -> Self {
        self.subscription = subscription;
        self
    }

    pub(crate) const fn arm(&self) -> &Downstream {
        &self.arm
    }

    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    pub(crate) fn subscription(&self) -> Option<&str> {
        self.subscription.as_deref()
    }

    /// Calls a service at an address that Resource Manager gave.
    ///
    /// The address is data: whoever may write the resource's record could have written another. So it must be one of the
    /// service's own in this cloud before anything is sent.
    pub(crate) fn at(&self, service: Service, endpoint: &str) -> Result<Downstream, Failure> {
        let place = service.place(self.cloud).ok_or_else(|| failure::not_in_this_cloud(service))?;
        let url = Url::parse(endpoint).ok().filter(|url| url.scheme() == "https" && url.port().is_none());
        let host = url.as_ref().and_then(Url::host_str).filter(|host| place.owns(host));
        let host = host.ok_or_else(|| failure::foreign_endpoint(service))?;
        Downstream::new(self.http.clone(), place.target(), &format!("https://{host}"))
            .map_err(|_| failure::foreign_endpoint(service))
    }
}
