//! Calls to Azure's services. A token goes to hosts of its own service and cloud, and nowhere else.

mod ledgers;
mod resource;

use std::time::Duration;

use mcp_auth_layer::{
    cloud::Cloud,
    config::ConfigError,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::Downstream;
use server_kit::failure::{Context, Failure};
use url::Url;

use self::ledgers::Ledgers;
pub(crate) use self::{
    ledgers::{IDENTITY as LEDGER_IDENTITY, Ledger},
    resource::{Kind, Resource, group_of},
};
use crate::{failure, services::Service};

const MAX_ANSWER: usize = 8 << 20;

fn limits() -> FetchLimits {
    FetchLimits::default().with_timeout(Duration::from_secs(30)).with_max_body(MAX_ANSWER)
}

/// Azure, seen from here.
#[derive(Clone, Debug)]
pub struct Azure {
    cloud: Cloud,
    http: HttpClient,
    arm: Downstream,
    ledgers: Ledgers,
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
        Self::over(cloud, HttpClient::reqwest_through(limits(), egress)?, egress, context)
    }

    /// Calls them over this client; ledgers, which want a trust of their own, through this network.
    pub(crate) fn over(cloud: Cloud, http: HttpClient, egress: &Egress, context: Context) -> Result<Self, ConfigError> {
        let place = Service::Arm.place(cloud).ok_or(ConfigError::Empty { what: "this cloud's list of services" })?;
        let arm = Downstream::new(http.clone(), place.target(), place.resource)?;
        let ledgers = Ledgers::new(egress.clone());
        Ok(Self { cloud, http, arm, ledgers, context, tenant: None, subscription: None })
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

    /// Returns the zone of a service's private endpoints in this cloud.
    pub(crate) fn private_zone(&self, service: Service) -> Option<&'static str> {
        service.place(self.cloud)?.private_zone
    }

    /// Calls a service at an address that Resource Manager gave.
    ///
    /// The address is data: whoever may write the resource's record could have written another. So it must be one of the
    /// service's own in this cloud before anything is sent.
    pub(crate) fn at(&self, service: Service, endpoint: &str) -> Result<Downstream, Failure> {
        self.through(&self.http, service, endpoint)
    }

    /// Calls a ledger at such an address; its certificate is fetched first, if it is not known.
    pub(crate) async fn ledger(&self, name: &str, endpoint: &str) -> Result<Ledger, Failure> {
        let host = self.host(Service::ConfidentialLedger, endpoint)?;
        let name = name.to_ascii_lowercase();
        if host != format!("{name}.{}", self.suffix(Service::ConfidentialLedger)?) {
            return Err(failure::foreign_endpoint(Service::ConfidentialLedger));
        }
        let http = self.ledgers.http(&self.http, &name).await?;
        Ok(Ledger { api: self.through(&http, Service::ConfidentialLedger, endpoint)?, http, name })
    }

    /// Calls one node of a ledger, whose name is below the ledger's.
    pub(crate) fn ledger_node(&self, ledger: &Ledger, location: &str) -> Result<Downstream, Failure> {
        let host = self.host(Service::ConfidentialLedger, location)?;
        let own = format!("{}.{}", ledger.name, self.suffix(Service::ConfidentialLedger)?);
        if host != own && !host.ends_with(&format!(".{own}")) {
            return Err(failure::foreign_endpoint(Service::ConfidentialLedger));
        }
        self.through(&ledger.http, Service::ConfidentialLedger, location)
    }

    /// Forgets a ledger's certificate, which has proved to be another one by now.
    pub(crate) async fn forget(&self, ledger: &Ledger) {
        self.ledgers.forget(&ledger.name).await;
    }

    fn through(&self, http: &HttpClient, service: Service, endpoint: &str) -> Result<Downstream, Failure> {
        let host = self.host(service, endpoint)?;
        let place = service.place(self.cloud).ok_or_else(|| failure::not_in_this_cloud(service))?;
        Downstream::new(http.clone(), place.target(), &format!("https://{host}"))
            .map_err(|_| failure::foreign_endpoint(service))
    }

    fn suffix(&self, service: Service) -> Result<&'static str, Failure> {
        service.place(self.cloud).map(|place| place.suffix).ok_or_else(|| failure::not_in_this_cloud(service))
    }

    /// Returns the host of an address, if it is one of the service's own.
    fn host(&self, service: Service, endpoint: &str) -> Result<String, Failure> {
        let place = service.place(self.cloud).ok_or_else(|| failure::not_in_this_cloud(service))?;
        // Communication's records hold a host alone.
        let url =
            if endpoint.contains("://") { Url::parse(endpoint) } else { Url::parse(&format!("https://{endpoint}")) };
        let is_plain = |url: &Url| url.scheme() == "https" && url.port().is_none() && url.username().is_empty();
        let url = url.ok().filter(|url| is_plain(url) && url.password().is_none());
        let host = url.as_ref().and_then(Url::host_str).filter(|host| place.owns(host));
        host.map(str::to_owned).ok_or_else(|| failure::foreign_endpoint(service))
    }
}

#[cfg(test)]
mod tests {
    use mcp_obo::outgoing::ActingAs;

    use super::*;

    fn azure() -> Azure {
        let context =
            Context { tenant_url: String::new(), client_id: String::new(), acting_as: ActingAs::HostingIdentity };
        Azure::new(Cloud::Public, &Egress::default(), context).unwrap()
    }

    #[tokio::test]
    async fn a_token_goes_to_an_address_of_the_service_or_nowhere() {
        let azure = azure();
        for (name, service, endpoint, good) in [
            ("a blob endpoint", Service::Storage, "https://one.blob.core.windows.net/", true),
            ("the default port", Service::Storage, "https://one.blob.core.windows.net:443/", true),
            ("a host alone", Service::Communication, "mine.unitedstates.communication.azure.com", true),
            ("cosmos, with its port", Service::Cosmos, "https://one.documents.azure.com:443/", true),
            ("another host", Service::Storage, "https://evil.example/", false),
            ("a longer host", Service::Storage, "https://one.blob.core.windows.net.evil.example/", false),
            ("another service", Service::Storage, "https://one.vault.azure.net/", false),
            ("another port", Service::Storage, "https://one.blob.core.windows.net:8443/", false),
            ("plain http", Service::Storage, "http://one.blob.core.windows.net/", false),
            ("a user", Service::Storage, "https://one@one.blob.core.windows.net/", false),
            ("a user that looks like it", Service::Storage, "https://one.blob.core.windows.net@evil.example/", false),
            ("a host alone that is another", Service::Communication, "evil.example/.communication.azure.com", false),
            ("nothing", Service::Storage, "", false),
        ] {
            assert_eq!(azure.at(service, endpoint).is_ok(), good, "{name}");
        }
    }

    #[tokio::test]
    async fn a_ledger_answers_under_its_own_name_only() {
        let azure = azure();
        for endpoint in ["https://other.confidential-ledger.azure.com", "https://x.mine.confidential-ledger.azure.com"]
        {
            let refused = azure.ledger("mine", endpoint).await.unwrap_err();
            assert_eq!(refused.kind, "foreign_endpoint", "{endpoint}");
        }
    }

    #[tokio::test]
    async fn a_node_of_a_ledger_has_a_name_below_it() {
        let azure = azure();
        let api = azure.at(Service::ConfidentialLedger, "https://mine.confidential-ledger.azure.com").unwrap();
        let ledger = Ledger { api, http: azure.http.clone(), name: "mine".to_owned() };
        for (location, good) in [
            ("https://node-1.mine.confidential-ledger.azure.com/app/transactions", true),
            ("https://mine.confidential-ledger.azure.com/app/transactions", true),
            ("https://other.confidential-ledger.azure.com/app/transactions", false),
            ("https://notmine.confidential-ledger.azure.com/", false),
            ("https://evil.example/", false),
            ("http://node-1.mine.confidential-ledger.azure.com/", false),
            ("/app/transactions", false),
        ] {
            assert_eq!(azure.ledger_node(&ledger, location).is_ok(), good, "{location}");
        }
    }
}
