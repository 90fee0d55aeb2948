//! How an API wants a token in the `Authorization` header.

/// How an API wants its token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenForm {
    /// As a bearer token (RFC 6750 section 2.1), which is what nearly all want.
    #[default]
    Bearer,
    /// As Azure Cosmos DB's data plane wants it: the Entra form of its own scheme, percent-encoded as a whole.
    ///
    /// It is described under *Access control on Azure Cosmos DB resources* of its REST reference. A bearer token is refused there.
    CosmosDb,
}

impl TokenForm {
    /// Returns what stands before the token, of whose characters (RFC 7515 section 7.1) none needs an encoding.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer ",
            Self::CosmosDb => "type%3Daad%26ver%3D1.0%26sig%3D",
        }
    }
}
