//! The places of the emulator that a test can change.

use serde::Deserialize;

/// Where trouble is switched on, or a lifetime set.
///
/// What counts as the user is said with each place; an empty name is everybody.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// The exchange at the token endpoint, by user name.
    Exchange,
    /// Code redemption and refresh at the token endpoint, by user name.
    SignIn,
    /// Client credentials at the token endpoint, by client id.
    ClientCredentials,
    /// Authentication of a client by secret, by client id.
    ClientSecret,
    /// Authentication of a client by a certificate's assertion, by client id.
    ClientCertificate,
    /// Authentication of a client by a workload's token, by client id.
    FederatedToken,
    /// Graph's message list, by user name, or by client id for an app.
    Graph,
    /// The key documents, for everybody.
    Keys,
    /// The discovery documents, for everybody.
    Discovery,
    /// The managed-identity endpoints, by the identity's client id.
    ManagedIdentity,
    /// Key Vault, by user name, or by client id for an app.
    Vault,
    /// Azure Resource Manager, by user name, or by client id for an app; so with all below.
    Management,
    /// Storage's blobs.
    Storage,
    /// App Configuration's key-values.
    AppConfiguration,
    /// Cosmos DB's items.
    Cosmos,
    /// Health models' entities.
    HealthModels,
    /// Communication: texts and mail.
    Communication,
    /// Confidential Ledger's transactions.
    Ledger,
}
