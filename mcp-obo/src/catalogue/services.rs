//! What Azure's services expose to apps that act for users, as data.

/// Whether a service has a permission that a user can delegate to an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delegation {
    /// It has one, so that an app can be allowed to act for its users there.
    Exposed,
    /// It has none, so that every exchange for it fails.
    Missing,
}

/// A downstream service that the catalogue knows.
#[derive(Clone, Copy, Debug)]
pub struct KnownService {
    name: &'static str,
    app_id: &'static str,
    resource: Option<&'static str>,
    delegation: Delegation,
    advice: &'static str,
}

impl KnownService {
    /// Returns the name by which Microsoft calls it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns its app id, which is the same in every tenant.
    #[must_use]
    pub const fn app_id(&self) -> &'static str {
        self.app_id
    }

    /// Returns its identifier URI; none where every instance has one of its own.
    #[must_use]
    pub const fn resource(&self) -> Option<&'static str> {
        self.resource
    }

    /// Returns what it exposes, as of [`AS_OF`].
    #[must_use]
    pub const fn delegation(&self) -> Delegation {
        self.delegation
    }

    pub(super) const fn advice(&self) -> &'static str {
        self.advice
    }
}

/// The month in which the table was compared with Microsoft's own.
///
/// That is `api-permissions.md` of the Azure MCP Server.
///
/// Microsoft adds permissions: declare what has changed with [`Catalogue::declare`](super::Catalogue::declare).
pub const AS_OF: &str = "2026-11";

macro_rules! exposed {
    ($name:literal, $app_id:literal, $resource:expr) => {
        KnownService { name: $name, app_id: $app_id, resource: $resource, delegation: Delegation::Exposed, advice: "" }
    };
}

macro_rules! missing {
    ($name:literal, $app_id:literal, $resource:literal) => {
        KnownService {
            name: $name,
            app_id: $app_id,
            resource: Some($resource),
            delegation: Delegation::Missing,
            advice: concat!(
                $name,
                " has no delegated permission, so nobody can be acted for there; restart with the outgoing strategy ",
                "UseHostingEnvironmentIdentity to call it as this server's own identity, or run the server over stdio on the ",
                "user's machine"
            ),
        }
    };
}

/// The services that the Azure MCP Server calls.
pub const KNOWN_SERVICES: &[KnownService] = &[
    exposed!("Microsoft Graph", "00000003-0000-0000-c000-000000000000", Some("https://graph.microsoft.com")),
    exposed!("Azure Resource Manager", "797f4846-ba00-4fd7-ba43-dac1f8f63013", Some("https://management.azure.com")),
    exposed!("Azure Data Explorer", "2746ea77-4702-4b45-80ca-3c97e680e8b7", None),
    exposed!("Azure Storage", "e406a681-f3d4-42a8-90b6-c2b029497af1", Some("https://storage.azure.com")),
    exposed!(
        "Azure Database for PostgreSQL and MySQL",
        "123cd850-d9df-40bd-94d5-c9f07b7fa203",
        Some("https://ossrdbms-aad.database.windows.net")
    ),
    exposed!("Azure CLI Extension", "a5ede409-60d3-4a6c-93e6-eb2e7271e8e3", None),
    exposed!("Azure App Configuration", "35ffadb3-7fc1-497e-b61b-381d28e744cc", Some("https://azconfig.io")),
    exposed!("Azure Key Vault", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093", Some("https://vault.azure.net")),
    exposed!("Azure Event Hubs", "80369ed6-5f11-4dd9-bef3-692475845e77", Some("https://eventhubs.azure.net")),
    exposed!("Azure Service Bus", "80a10ef9-8168-493d-abf9-3297c4ef6e3c", Some("https://servicebus.azure.net")),
    exposed!("Azure AI Search", "880da380-985e-4198-81b9-e05b1cc53158", Some("https://search.azure.com")),
    exposed!(
        "Azure Cognitive Services",
        "7d312290-28c8-473c-a0ed-8e53749b6d6d",
        Some("https://cognitiveservices.azure.com")
    ),
    missing!(
        "Application Insights Profiler",
        "3603eff4-9141-41d5-ba8f-02fb3a439cd6",
        "api://dataplane.diagnosticservices.azure.com"
    ),
    missing!("Azure Health Models", "f3d5b479-4d7f-4a81-9e00-09e2b452c04e", "https://data.healthmodels.azure.com"),
    missing!("Azure Cosmos DB", "f8202e39-5162-4378-8714-8018bb911e5c", "https://cosmos.azure.com"),
    missing!("Azure Container Registry", "76c92352-c057-4cc2-9b1e-f34c32bc58bd", "https://containerregistry.azure.net"),
    missing!("Azure SignalR Service", "cdad765c-f191-43ba-b9f5-7aef392f811d", "https://signalr.azure.com"),
    missing!("Azure Communication Services", "632ec9eb-fad7-4cbd-993a-e72973ba2acc", "https://communication.azure.com"),
    missing!(
        "Azure Confidential Ledger",
        "c9e0b461-3515-4a03-b576-ede91ed4336d",
        "https://confidential-ledger.azure.com"
    ),
];
