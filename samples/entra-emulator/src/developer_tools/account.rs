//! Who is signed in to a tool, and what token the tool gets.

use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

use super::ToolBehaviour;
use crate::{
    azure::Site,
    jwt::Jwt,
    lifetime::Lifetime,
    service::Service,
    shared::Shared,
    spec::TokenSpec,
    tenant::{CONSUMERS, TENANT_DOMAIN, TENANT_ID},
    user::User,
};

/// The tenant of an account that is not Contoso's.
pub(super) const OTHER_TENANT: &str = "c4a1f7d2-9b3e-4c58-8f60-17e2d5b0a9c3";

/// The account behind a tool.
pub(super) struct Account<'a> {
    pub(super) shared: &'a Shared,
    pub(super) behaviour: &'a ToolBehaviour,
}

/// A token, and what the tools print beside it.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) tenant: String,
    pub(super) expires: i64,
}

/// Why there is none; each tool says it in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    SignIn,
    /// Entra's own words, beginning with `AADSTS`.
    Entra(String),
}

impl Account<'_> {
    /// Gets a token for a resource or a scope, in a tenant or in the account's own.
    pub(super) fn token(&self, scope: &str, tenant: Option<&str>) -> Result<Token, Missing> {
        let signed_in_to = self.tenant().ok_or(Missing::SignIn)?;
        if let Some(words) = self.refusal(tenant) {
            return Err(Missing::Entra(self.entra(&words)));
        }
        let spec = self.spec(scope).ok_or_else(|| {
            let resource = scope.strip_suffix("/.default").unwrap_or(scope);
            let text = format!(
                "AADSTS500011: The resource principal named {resource} was not found in the tenant named Contoso."
            );
            Missing::Entra(self.entra(&text))
        })?;
        let base = format!("https://{}", Site::LOGIN);
        let text = self.shared.state.mint(&spec, &base).ok_or(Missing::SignIn)?;
        let now = self.shared.state.clock.now();
        let end = Jwt::read(&text).and_then(|token| token.claims["exp"].as_i64());
        let expires = end.unwrap_or(now + Lifetime::ACCESS_TOKEN.seconds);
        Ok(Token { text, tenant: signed_in_to.to_owned(), expires })
    }

    /// Returns the tenant of the account; none when nobody is signed in.
    pub(super) const fn tenant(&self) -> Option<&'static str> {
        match self.behaviour {
            ToolBehaviour::NotSignedIn => None,
            ToolBehaviour::OtherTenant => Some(OTHER_TENANT),
            ToolBehaviour::Personal => Some(CONSUMERS),
            _ => Some(TENANT_ID),
        }
    }

    /// Returns the name by which the account signs in.
    pub(super) fn name(&self) -> String {
        match self.behaviour {
            ToolBehaviour::OtherTenant => "alice@fabrikam.onmicrosoft.com".to_owned(),
            ToolBehaviour::Personal => "alice@outlook.com".to_owned(),
            _ => format!("{}@{TENANT_DOMAIN}", self.user()),
        }
    }

    fn user(&self) -> &str {
        match self.behaviour {
            ToolBehaviour::SignedInAs(name) => name,
            _ => "alice",
        }
    }

    fn refusal(&self, tenant: Option<&str>) -> Option<String> {
        match self.behaviour {
            ToolBehaviour::Expired => Some(
                "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on \
                 2026-07-01T08:00:00.0000000Z and was inactive for 90.00:00:00."
                    .to_owned(),
            ),
            ToolBehaviour::Revoked => Some(
                "AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed."
                    .to_owned(),
            ),
            ToolBehaviour::OtherTenant | ToolBehaviour::Personal => tenant
                .filter(|asked| self.tenant().is_none_or(|own| !own.eq_ignore_ascii_case(asked)))
                .map(|asked| self.stranger(asked)),
            _ => {
                let asked = tenant.unwrap_or(TENANT_ID);
                let known = [TENANT_ID, TENANT_DOMAIN].iter().any(|own| own.eq_ignore_ascii_case(asked));
                let text = || format!("AADSTS90002: Tenant '{asked}' not found. Check that it is the right tenant ID.");
                (!known).then(text)
            }
        }
    }

    fn stranger(&self, asked: &str) -> String {
        let provider = match self.behaviour {
            ToolBehaviour::Personal => "live.com".to_owned(),
            _ => format!("https://sts.windows.net/{OTHER_TENANT}/"),
        };
        format!(
            "AADSTS50020: User account '{}' from identity provider '{provider}' does not exist in tenant '{asked}' and \
             cannot access the application '04b07795-8ddb-461a-bbee-02f9e1bf7b46'(Microsoft Azure CLI) in that tenant.",
            self.name()
        )
    }

    /// Orders the token: for a service of Microsoft's, or for the API app by its scope.
    fn spec(&self, scope: &str) -> Option<TokenSpec> {
        let (resource, name) = scope.rsplit_once('/')?;
        User::find(self.user())?;
        let spec = TokenSpec::user(self.user());
        let api = self.shared.state.api();
        let spec = if api.is_named(resource) {
            if name == ".default" { spec } else { spec.scopes(name) }
        } else {
            Service::find(resource)?;
            spec.resource(resource)
        };
        Some(match self.tenant()? {
            TENANT_ID => spec,
            CONSUMERS => foreign(spec, CONSUMERS)
                .claim("idp", "live.com")
                .claim("unique_name", format!("live.com#{}", self.name()))
                .claim("upn", serde_json::Value::Null),
            other => foreign(spec, other).claim("upn", self.name()).claim("unique_name", self.name()),
        })
    }

    /// Ends Entra's words as Entra does.
    fn entra(&self, words: &str) -> String {
        let time = Timestamp::from_second(self.shared.state.clock.now()).unwrap_or(Timestamp::UNIX_EPOCH);
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        let time = time.strftime("%Y-%m-%d %H:%M:%SZ");
        format!("{words} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}")
    }
}

fn foreign(spec: TokenSpec, tenant: &str) -> TokenSpec {
    spec.claim("tid", tenant).claim("iss", format!("https://sts.windows.net/{tenant}/"))
}

/// Writes a time in a form of `strftime`, in UTC.
pub(super) fn written(second: i64, form: &str) -> String {
    let time = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    time.strftime(form).to_string()
}
