//! What Contoso has at Azure.

/// The subscription in which Contoso's systems are.
pub const SUBSCRIPTION_ID: &str = "9d3f6a52-4c5b-4b6e-8f1d-2f0a7c9be105";
/// A second subscription, for development: one more group, and nothing in it but a store of blobs.
pub const DEVELOPMENT_SUBSCRIPTION_ID: &str = "2b7e9c14-8a6d-4f3b-9c21-5d0e7f6a8b13";

/// The subscriptions, with what they are called.
pub(crate) const SUBSCRIPTIONS: [(&str, &str); 2] =
    [(SUBSCRIPTION_ID, "Contoso Production"), (DEVELOPMENT_SUBSCRIPTION_ID, "Contoso Development")];

/// The resource groups, each with its subscription.
pub(crate) const GROUPS: [(&str, &str); 4] = [
    (SUBSCRIPTION_ID, "contoso"),
    (SUBSCRIPTION_ID, "contoso-data"),
    (SUBSCRIPTION_ID, "contoso-network"),
    (DEVELOPMENT_SUBSCRIPTION_ID, "contoso-lab"),
];

/// A kind of resource that is served here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    StorageAccount,
    Vault,
    ConfigurationStore,
    CosmosAccount,
    HealthModel,
    CommunicationService,
    Ledger,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::StorageAccount,
        Self::Vault,
        Self::ConfigurationStore,
        Self::CosmosAccount,
        Self::HealthModel,
        Self::CommunicationService,
        Self::Ledger,
    ];

    /// Returns the type's full name.
    pub(crate) const fn type_name(self) -> &'static str {
        match self {
            Self::StorageAccount => "Microsoft.Storage/storageAccounts",
            Self::Vault => "Microsoft.KeyVault/vaults",
            Self::ConfigurationStore => "Microsoft.AppConfiguration/configurationStores",
            Self::CosmosAccount => "Microsoft.DocumentDB/databaseAccounts",
            Self::HealthModel => "Microsoft.CloudHealth/healthmodels",
            Self::CommunicationService => "Microsoft.Communication/communicationServices",
            Self::Ledger => "Microsoft.ConfidentialLedger/ledgers",
        }
    }
}

/// One resource.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    pub(crate) subscription: &'static str,
    pub(crate) group: &'static str,
    /// Where Resource Manager says that its data plane is.
    pub(crate) endpoint: String,
}

impl Resource {
    fn new(kind: Kind, name: &'static str, group: &'static str) -> Self {
        let mut resource = Self { kind, name, subscription: SUBSCRIPTION_ID, group, endpoint: String::new() };
        let suffix = match kind {
            Kind::StorageAccount => "blob.core.windows.net/",
            Kind::Vault => "vault.azure.net/",
            Kind::ConfigurationStore => "azconfig.io",
            Kind::CosmosAccount => "documents.azure.com:443/",
            Kind::HealthModel => "healthmodels.azure.com/",
            Kind::CommunicationService => "communication.azure.com",
            Kind::Ledger => "confidential-ledger.azure.com",
        };
        resource.endpoint = format!("https://{}.{suffix}", resource.host_label());
        resource
    }

    /// Returns the resource's id.
    pub(crate) fn id(&self) -> String {
        let Self { subscription, group, name, .. } = self;
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{}/{name}", self.kind.type_name())
    }

    /// Returns what stands before the cloud's suffix in its host; some services put a region there too.
    pub(crate) fn host_label(&self) -> String {
        match self.kind {
            Kind::HealthModel => format!("{}.eastus2", self.name),
            Kind::CommunicationService => format!("{}.unitedstates", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// Everything that there is.
///
/// The last account's endpoint lies outside the cloud: whoever sends a token there has not looked where it goes.
pub(crate) fn all() -> Vec<Resource> {
    let mut rogue = Resource::new(Kind::StorageAccount, "contosorogue", "contoso");
    rogue.endpoint = "https://evil.example/".to_owned();
    let mut lab = Resource::new(Kind::StorageAccount, "contosolab", "contoso-lab");
    lab.subscription = DEVELOPMENT_SUBSCRIPTION_ID;
    vec![
        Resource::new(Kind::StorageAccount, "contosodocs", "contoso-data"),
        Resource::new(Kind::StorageAccount, "contosologs", "contoso"),
        Resource::new(Kind::Vault, "contoso-vault", "contoso"),
        Resource::new(Kind::Vault, "contoso-keys", "contoso-data"),
        Resource::new(Kind::ConfigurationStore, "contoso-settings", "contoso-data"),
        Resource::new(Kind::CosmosAccount, "contoso-orders", "contoso-data"),
        Resource::new(Kind::HealthModel, "contoso-health", "contoso"),
        Resource::new(Kind::CommunicationService, "contoso-comms", "contoso"),
        Resource::new(Kind::Ledger, "contoso-ledger", "contoso-data"),
        lab,
        rogue,
    ]
}
