//! What can be wrong with a configuration, found when it is given.

/// A configuration value that cannot be used; found before any request is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The tenant is neither a GUID nor a verified domain, or names many tenants at once.
    #[error("tenant {given:?} is neither a tenant id (a GUID) nor a verified domain of one tenant")]
    Tenant {
        /// What was given.
        given: String,
    },
    /// The client id is not a GUID.
    #[error("client id {given:?} is not a GUID")]
    ClientId {
        /// What was given.
        given: String,
    },
    /// An audience is empty or has characters that no audience has.
    #[error("audience {given:?} is empty or contains spaces or control characters")]
    Audience {
        /// What was given.
        given: String,
    },
    /// An audience belongs to a Microsoft API; accepting it would make this service a confused deputy.
    #[error("audience {given:?} is {resource}, whose tokens are not meant for this service")]
    KnownResource {
        /// What was given.
        given: String,
        /// The API it belongs to.
        resource: crate::known_resource::KnownResource,
    },
    /// A required scope is missing or malformed.
    #[error("scope {given:?} is empty or contains characters that RFC 6749 does not allow")]
    Scope {
        /// What was given.
        given: String,
    },
    /// An authentication context has a name that Conditional Access does not know.
    #[error("authentication context {given:?} is not one of c1 to c99")]
    AuthenticationContext {
        /// What was given.
        given: String,
    },
    /// Two of several issuers are the same.
    #[error("issuer {name} is trusted twice, and the second would never be asked")]
    RepeatedIssuer {
        /// Its name, or its authority.
        name: String,
    },
    /// A URL is not usable in its place.
    #[error("{what} {given:?} is not usable: {why}")]
    Url {
        /// What the URL is for.
        what: &'static str,
        /// What was given.
        given: String,
        /// The rule it breaks.
        why: &'static str,
    },
    /// A key could not be read.
    #[error("a verification key could not be read: {why}")]
    Key {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file that the configuration names could not be read.
    #[error("{what} could not be read from its file")]
    File {
        /// What the file holds.
        what: &'static str,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A value must not be empty.
    #[error("{what} is empty")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// A proxy variable cannot be used; its value may hold a password and is not shown.
    #[error("{variable} names no proxy that can be used: {why}")]
    Proxy {
        /// The variable.
        variable: &'static str,
        /// The rule it breaks.
        why: &'static str,
    },
    /// CA certificates that were to be trusted could not be read.
    #[error("CA certificates could not be read from {from}")]
    Roots {
        /// The variable and the path.
        from: String,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The HTTP client could not be built, mostly because no CA certificate was found.
    #[error("the HTTP client could not be built")]
    HttpClient {
        /// The client library's reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
