//! Whose token it is, as far as it says so itself.

use base64::prelude::*;
use mcp_obo::AccessToken;
use serde_json::Value;

/// Who a token of a downstream API is for, read **without verification**: for people, and nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) tenant: Option<String>,
    pub(super) user: Option<String>,
    pub(super) object_id: Option<String>,
    pub(super) app_id: Option<String>,
    /// The app roles, where the token is an application's.
    pub(super) roles: Vec<String>,
    /// The delegated permissions, where it is a user's.
    pub(super) scopes: Vec<String>,
    /// When it ends, in seconds since the epoch.
    pub(super) ends_at: u64,
}

/// Longer than any name or id.
const LONGEST: usize = 256;

impl Account {
    /// Reads a token; one that is not a JWT says nothing but its end.
    pub(super) fn of(token: &AccessToken) -> Self {
        let ends_at = token.expires_at().as_secs();
        let payload = token.expose_secret().split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Value = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { ends_at, ..Self::of_claims(&claims) }
    }

    fn of_claims(claims: &Value) -> Self {
        let text = |names: &[&str]| names.iter().find_map(|name| claims[*name].as_str()).and_then(printable);
        let roles = claims["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Self {
            tenant: text(&["tid"]),
            user: text(&["upn", "preferred_username", "unique_name"]),
            object_id: text(&["oid"]),
            app_id: text(&["appid", "azp"]),
            roles: roles.filter_map(printable).collect(),
            scopes: claims["scp"].as_str().unwrap_or_default().split(' ').filter_map(printable).collect(),
            ends_at: 0,
        }
    }

    /// Returns what a role is assigned to, in the word of `az`: a person is no service principal, whatever asks for the token.
    pub(super) fn principal_type(&self) -> &'static str {
        if self.scopes.is_empty() { "ServicePrincipal" } else { "User" }
    }

    /// Says who it is, in one line.
    pub(super) fn line(&self, now: u64) -> String {
        let parts = [("", &self.user), ("app ", &self.app_id), ("object ", &self.object_id), ("tenant ", &self.tenant)];
        let mut words: Vec<_> =
            parts.iter().filter_map(|(name, part)| part.as_ref().map(|part| format!("{name}{part}"))).collect();
        words.push(format!("for {} more minutes", self.ends_at.saturating_sub(now) / 60));
        words.join(", ")
    }
}

fn printable(text: &str) -> Option<String> {
    let good = !text.is_empty() && text.len() <= LONGEST && text.chars().all(|one| !one.is_control());
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_says_who_it_is_for() {
        let user = Account::of_claims(&json!({"tid": "t", "upn": "alice@contoso.example", "scp": "A B", "appid": "c"}));
        assert_eq!(
            (user.scopes.len(), user.line(0)),
            (2, "alice@contoso.example, app c, tenant t, for 0 more minutes".to_owned())
        );
        let app =
            Account { ends_at: 3_600, ..Account::of_claims(&json!({"azp": "c", "oid": "o\n", "roles": ["R", 7]})) };
        assert_eq!((user.principal_type(), app.principal_type()), ("User", "ServicePrincipal"));
        assert_eq!((&*app.roles, app.line(60)), (&["R".to_owned()][..], "app c, for 59 more minutes".to_owned()));
        assert_eq!(Account::of_claims(&Value::Null), Account::default());
    }
}
