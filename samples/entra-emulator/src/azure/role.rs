//! The roles that can be assigned, and what each of them lets do.

use serde::Deserialize;

use super::Kind;

/// A built-in role of Azure, of Cosmos DB's own data plane, or of a ledger's.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AzureRole {
    /// Reader: sees resources, and none of their data.
    Reader,
    /// Storage Blob Data Reader.
    StorageBlobDataReader,
    /// Key Vault Reader: the names of secrets, not their values.
    KeyVaultReader,
    /// Key Vault Secrets User.
    KeyVaultSecretsUser,
    /// App Configuration Data Reader.
    AppConfigurationDataReader,
    /// Cosmos DB Built-in Data Reader, `…0001`.
    CosmosDataReader,
    /// Cosmos DB Built-in Data Contributor, `…0002`.
    CosmosDataContributor,
    /// Communication and Email Service Owner.
    CommunicationOwner,
    /// The ledger's own role Reader.
    LedgerReader,
    /// The ledger's own role Contributor.
    LedgerContributor,
}

impl AzureRole {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Reader,
        Self::StorageBlobDataReader,
        Self::KeyVaultReader,
        Self::KeyVaultSecretsUser,
        Self::AppConfigurationDataReader,
        Self::CosmosDataReader,
        Self::CosmosDataContributor,
        Self::CommunicationOwner,
        Self::LedgerReader,
        Self::LedgerContributor,
    ];

    pub(crate) const fn allows(self, action: Action) -> bool {
        match self {
            Self::Reader => matches!(
                action,
                Action::ReadSubscription | Action::ReadGroup | Action::ReadResource(_) | Action::ReadHealth
            ),
            Self::StorageBlobDataReader => matches!(action, Action::ListContainers),
            Self::KeyVaultReader => matches!(action, Action::ListSecrets),
            Self::KeyVaultSecretsUser => matches!(action, Action::ListSecrets | Action::GetSecret),
            Self::AppConfigurationDataReader => matches!(action, Action::ReadKeyValues),
            Self::CosmosDataReader | Self::CosmosDataContributor => {
                matches!(action, Action::ReadCosmosMetadata | Action::QueryCosmos)
            }
            Self::CommunicationOwner => matches!(action, Action::SendMessages),
            Self::LedgerReader => matches!(action, Action::ReadLedger),
            Self::LedgerContributor => matches!(action, Action::ReadLedger | Action::AppendToLedger),
        }
    }
}

/// Something that a caller wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    ReadSubscription,
    ReadGroup,
    ReadResource(Kind),
    ListContainers,
    ListSecrets,
    GetSecret,
    ReadKeyValues,
    ReadCosmosMetadata,
    QueryCosmos,
    ReadHealth,
    SendMessages,
    ReadLedger,
    AppendToLedger,
}

impl Action {
    /// Returns the action's name in role definitions and refusals.
    pub(crate) fn name(self) -> String {
        let name = match self {
            Self::ReadSubscription => "Microsoft.Resources/subscriptions/read",
            Self::ReadGroup => "Microsoft.Resources/subscriptions/resourceGroups/read",
            Self::ReadResource(kind) => return format!("{}/read", kind.type_name()),
            Self::ListContainers => "Microsoft.Storage/storageAccounts/blobServices/containers/read",
            Self::ListSecrets => "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            Self::GetSecret => "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            Self::ReadKeyValues => "Microsoft.AppConfiguration/configurationStores/keyValues/read",
            Self::ReadCosmosMetadata => "Microsoft.DocumentDB/databaseAccounts/readMetadata",
            Self::QueryCosmos => "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/executeQuery",
            Self::ReadHealth => "Microsoft.CloudHealth/healthmodels/read",
            Self::SendMessages => "Microsoft.Communication/communicationServices/write",
            Self::ReadLedger => "Microsoft.ConfidentialLedger/ledgers/read",
            Self::AppendToLedger => "Microsoft.ConfidentialLedger/ledgers/write",
        };
        name.to_owned()
    }
}
