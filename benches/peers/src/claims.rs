//! The claims of an Entra v2 access token, as a service that knows its issuer would type them.

use serde::{Deserialize, Serialize};

/// What Entra writes for a user; every text is owned, as whatever outlives the request must be.
///
/// The peers parse tokens into this, and so does the limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The audience: the API's client id.
    pub aud: String,
    /// The issuer.
    pub iss: String,
    /// When it was issued.
    pub iat: u64,
    /// From when it is valid.
    pub nbf: u64,
    /// Until when it is valid.
    pub exp: u64,
    /// Opaque to everybody but Entra.
    pub aio: String,
    /// The client that asked for it.
    pub azp: String,
    /// How that client authenticated.
    pub azpacr: String,
    /// The groups of the user.
    pub groups: Vec<String>,
    /// The user's name, to be shown.
    pub name: String,
    /// The user's object id.
    pub oid: String,
    /// What the user signs in with.
    pub preferred_username: String,
    /// Opaque to everybody but Entra.
    pub rh: String,
    /// The scopes, separated by spaces.
    pub scp: String,
    /// The session.
    pub sid: String,
    /// The user, differently for every app.
    pub sub: String,
    /// The tenant.
    pub tid: String,
    /// The token's own id.
    pub uti: String,
    /// The token's version.
    pub ver: String,
    /// Opaque to everybody but Entra.
    #[serde(rename = "xms_ftd")]
    pub ftd: String,
}
