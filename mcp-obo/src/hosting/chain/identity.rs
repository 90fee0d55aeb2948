//! Whose token it is, as far as the token says so.

use base64::prelude::*;
use mcp_auth_layer::clock::UnixTime;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::access_token::AccessToken;

/// The account behind a token, read from the token **without verification**.
///
/// For people who look after this service. Nothing may be decided by it: the API that the token is for is the only one that can
/// tell whether it is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    tenant: Option<String>,
    user: Option<String>,
    object_id: Option<String>,
    app_id: Option<String>,
    expires_at: u64,
    /// Always false, so that nobody who reads it elsewhere takes it for more.
    verified: bool,
    #[serde(skip)]
    provider: Option<String>,
}

/// The tenant of personal Microsoft accounts, the same in all of Microsoft's documents.
pub(super) const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Longer than any id or name of an account.
const LONGEST: usize = 256;

impl Identity {
    /// Reads what can be read; a token that is not a JWT says nothing but its end.
    pub(super) fn of(token: &AccessToken) -> Self {
        let expires_at = token.expires_at().as_secs();
        let Some(claims) = claims(token.expose_secret()) else { return Self { expires_at, ..Self::default() } };
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| claims.get(*name)?.as_str());
            found.filter(|text| !text.is_empty() && text.len() <= LONGEST).map(printable)
        };
        Self {
            tenant: text(&["tid"]),
            user: text(&["upn", "preferred_username", "unique_name"]),
            object_id: text(&["oid"]),
            app_id: text(&["appid", "azp"]),
            expires_at,
            verified: false,
            provider: text(&["idp"]),
        }
    }

    /// Returns the tenant that issued it (`tid`).
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns the person's user name (`upn`); none for a service.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the object id of the person or service (`oid`): the principal of role assignments.
    #[must_use]
    pub fn object_id(&self) -> Option<&str> {
        self.object_id.as_deref()
    }

    /// Returns the app that asked for it (`appid`, `azp`).
    #[must_use]
    pub fn app_id(&self) -> Option<&str> {
        self.app_id.as_deref()
    }

    /// Returns when it ends.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        UnixTime::from_secs(self.expires_at)
    }

    /// Tells whether it is a personal Microsoft account's, also as a guest of an organisation.
    pub(super) fn is_personal(&self) -> bool {
        let is_live = |text: &str| {
            let text = text.to_ascii_lowercase();
            text == "live.com" || text.starts_with("live.com#") || text.contains(PERSONAL_ACCOUNTS)
        };
        [&self.tenant, &self.user, &self.provider].into_iter().flatten().any(|text| is_live(text))
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = [&self.user, &self.object_id, &self.app_id];
        f.write_str(
            names.into_iter().flatten().next().map_or("an account that its token does not name", String::as_str),
        )?;
        self.tenant.as_ref().map_or(Ok(()), |tenant| write!(f, " of tenant {tenant}"))
    }
}

/// Returns the time at which a token says that it ends.
pub(super) fn end_of(token: &str) -> Option<UnixTime> {
    claims(token)?.get("exp")?.as_u64().map(UnixTime::from_secs)
}

fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then(|| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?).ok())?
}

/// It stands in logs and tables, and whoever made the token wrote it.
fn printable(text: &str) -> String {
    text.chars().flat_map(|one| one.escape_debug()).collect()
}
