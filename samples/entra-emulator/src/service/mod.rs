//! Microsoft's own services, which every tenant knows as resources: their ids, spellings and delegated scopes.

mod order;

pub(crate) use self::order::{Principal, ServiceOrder};
use crate::tenant::GRAPH_ID;

/// A service of Microsoft's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Graph,
    Vault,
    Management,
    /// What a federated assertion is for; only a managed identity gets a token for it here.
    TokenExchange,
    Storage,
    AppConfiguration,
    Cosmos,
    HealthModels,
    Communication,
    Ledger,
}

/// What a directory knows of a service.
struct Known {
    service: Service,
    id: &'static str,
    uris: &'static [&'static str],
    /// Where each resource of a customer is an audience of its own: how its host ends.
    suffix: Option<&'static str>,
    /// What it lets apps do for a user.
    scopes: &'static [&'static str],
}

const IMPERSONATION: &[&str] = &["user_impersonation"];

/// The ids are those of microsoft/mcp's `api-permissions.md`, which lists the services without a delegated scope too.
const KNOWN: [Known; 10] = [
    Known {
        service: Service::Graph,
        id: GRAPH_ID,
        uris: &["https://graph.microsoft.com"],
        suffix: None,
        scopes: &["ServiceMessage.Read.All", "User.Read", "Mail.Read"],
    },
    Known {
        service: Service::Vault,
        id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        uris: &[Service::VAULT],
        suffix: None,
        scopes: IMPERSONATION,
    },
    Known {
        service: Service::Management,
        id: "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        uris: &["https://management.azure.com", "https://management.core.windows.net"],
        suffix: None,
        scopes: IMPERSONATION,
    },
    Known {
        service: Service::TokenExchange,
        id: Service::EXCHANGE_ID,
        uris: &[Service::EXCHANGE],
        suffix: None,
        scopes: &[],
    },
    Known {
        service: Service::Storage,
        id: "e406a681-f3d4-42a8-90b6-c2b029497af1",
        uris: &["https://storage.azure.com"],
        suffix: Some(".blob.core.windows.net"),
        scopes: IMPERSONATION,
    },
    Known {
        service: Service::AppConfiguration,
        id: "35ffadb3-7fc1-497e-b61b-381d28e744cc",
        uris: &["https://azconfig.io"],
        suffix: Some(".azconfig.io"),
        scopes: &["KeyValue.Read", "KeyValue.Write", "KeyValue.Delete", "Snapshot.Read"],
    },
    Known {
        service: Service::Cosmos,
        id: "f8202e39-5162-4378-8714-8018bb911e5c",
        uris: &["https://cosmos.azure.com"],
        suffix: Some(".documents.azure.com"),
        scopes: &[],
    },
    Known {
        service: Service::HealthModels,
        id: "f3d5b479-4d7f-4a81-9e00-09e2b452c04e",
        uris: &["https://data.healthmodels.azure.com"],
        suffix: None,
        scopes: &[],
    },
    Known {
        service: Service::Communication,
        id: "632ec9eb-fad7-4cbd-993a-e72973ba2acc",
        uris: &["https://communication.azure.com"],
        suffix: None,
        scopes: &[],
    },
    Known {
        service: Service::Ledger,
        id: "c9e0b461-3515-4a03-b576-ede91ed4336d",
        uris: &["https://confidential-ledger.azure.com"],
        suffix: None,
        scopes: &[],
    },
];

impl Service {
    /// What Key Vault's tokens are for.
    pub(crate) const VAULT: &str = "https://vault.azure.net";
    /// How federated credentials spell the token exchange.
    pub(crate) const EXCHANGE: &str = "api://AzureADTokenExchange";
    /// The token exchange's own client id: as in all v2 tokens, that is what stands in `aud`.
    pub(crate) const EXCHANGE_ID: &str = "fb60f99c-7a34-4190-8149-302f77469936";

    /// Finds the service that a resource names, with or without a slash at its end.
    pub(crate) fn find(resource: &str) -> Option<Self> {
        let bare = resource.trim_end_matches('/').to_ascii_lowercase();
        let is_one = |known: &&Known| {
            let names = known.uris.iter().chain([&known.id]);
            names.into_iter().any(|name| name.eq_ignore_ascii_case(&bare)) || is_of_customer(&bare, known.suffix)
        };
        KNOWN.iter().find(is_one).map(|known| known.service)
    }

    /// Returns the scopes that it exposes to apps that act for a user; for some services that is none.
    pub(crate) fn scopes(self) -> &'static [&'static str] {
        KNOWN.iter().find(|known| known.service == self).map_or(&[], |known| known.scopes)
    }
}

fn is_of_customer(resource: &str, suffix: Option<&str>) -> bool {
    let name = resource.strip_prefix("https://").zip(suffix).and_then(|(host, suffix)| host.strip_suffix(suffix));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_each_of_its_spellings_and_by_nothing_else() {
        for (resource, service) in [
            ("https://management.azure.com", Some(Service::Management)),
            ("https://management.azure.com/", Some(Service::Management)),
            ("https://Management.core.windows.net/", Some(Service::Management)),
            ("797f4846-ba00-4fd7-ba43-dac1f8f63013", Some(Service::Management)),
            ("https://storage.azure.com", Some(Service::Storage)),
            ("https://one.blob.core.windows.net", Some(Service::Storage)),
            ("https://one.azconfig.io", Some(Service::AppConfiguration)),
            ("https://one.documents.azure.com", Some(Service::Cosmos)),
            ("https://one.vault.azure.net", None),
            ("https://.azconfig.io", None),
            ("https://evil.example/.azconfig.io", None),
            ("http://storage.azure.com", None),
            ("https://storage.azure.com.evil.example", None),
            ("", None),
        ] {
            assert_eq!(Service::find(resource), service, "{resource}");
        }
    }
}
