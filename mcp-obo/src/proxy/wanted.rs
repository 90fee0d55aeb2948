//! What an authorization request wants, once client and redirect are proven (RFC 6749 section 4.1.1).
//!
//! Every error here goes back to the client. What goes on to Entra is written anew from what was read; nothing is passed along
//! that is not named here.

use serde::{Deserialize, Serialize};

use super::{
    api_scopes::{ApiScopes, Asked},
    claims_parameter,
    error::{OAuthCode, OAuthError},
    issuer::Issuer,
    parameters::Parameters,
    pkce::Challenge,
};
use crate::www_authenticate::ClaimsRequest;

/// Clients of Copilot and ChatGPT send up to 1.5 KB.
const MAX_STATE: usize = 2_000;

/// The longest user principal name has 113 characters; an address up to 320.
const MAX_HINT: usize = 320;

/// A request whose every part is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) state: Option<Box<str>>,
    pub(super) challenge: Challenge,
    pub(super) asked: Asked,
    pub(super) prompt: Option<Prompt>,
    pub(super) login_hint: Option<Box<str>>,
    pub(super) domain_hint: Option<Box<str>>,
    pub(super) claims: Option<ClaimsRequest>,
    pub(super) resource: Resource,
}

/// Whether the client says for which resource the token is (RFC 8707).
///
/// One that does cannot be lured here by another server: it would have named that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Resource {
    Ours,
    Unsaid,
}

/// What a client may ask of the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Prompt {
    Login,
    SelectAccount,
    None,
}

impl Prompt {
    /// Reads a prompt; `consent` asks every user for what an administrator has granted already (AADSTS90094), and what Entra does
    /// not know it refuses (AADSTS90023): these are dropped.
    fn read(text: &str) -> Option<Self> {
        // OpenID Connect Core section 3.1.2.1: a list. Entra takes one.
        text.split(' ').find_map(|one| match one {
            "login" => Some(Self::Login),
            "select_account" => Some(Self::SelectAccount),
            "none" => Some(Self::None),
            _ => None,
        })
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::SelectAccount => "select_account",
            Self::None => "none",
        }
    }
}

/// Returns the state to send back with an error: what cannot be carried is not carried.
pub(super) fn state(parameters: &Parameters) -> Option<&str> {
    parameters.get("state").filter(|state| state.len() <= MAX_STATE)
}

impl Wanted {
    pub(super) fn read(parameters: &Parameters, scopes: &ApiScopes, issuer: &Issuer) -> Result<Self, OAuthError> {
        let refuse = |code, text| Err(OAuthError::new(code, text));
        // OpenID Connect Core section 6: objects that would have to be fetched or could say something else.
        if parameters.get("request").is_some() || parameters.get("request_uri").is_some() {
            return refuse(OAuthCode::InvalidRequest, "request objects are not supported");
        }
        if parameters.get("response_type") != Some("code") {
            return refuse(OAuthCode::UnsupportedResponseType, "response_type must be code");
        }
        if !matches!(parameters.get("response_mode"), None | Some("query")) {
            return refuse(OAuthCode::InvalidRequest, "response_mode must be query");
        }
        let method = parameters.get("code_challenge_method");
        let Some(challenge) = Challenge::read(parameters.get("code_challenge"), method) else {
            return refuse(OAuthCode::InvalidRequest, "PKCE with S256 is needed");
        };
        let state = parameters.get("state");
        if state.is_some_and(|state| state.len() > MAX_STATE) {
            return refuse(OAuthCode::InvalidRequest, "state is longer than 2000 bytes");
        }
        let Ok(asked) = scopes.read(parameters.get("scope")) else {
            return refuse(OAuthCode::InvalidScope, "only scopes of this server can be asked for");
        };
        let resource = match parameters.get("resource") {
            None => Resource::Unsaid,
            Some(named) if issuer.is_ours(named) => Resource::Ours,
            Some(_) => return refuse(OAuthCode::InvalidTarget, "resource names another server"),
        };
        let Ok(claims) = parameters.get("claims").map_or(Ok(None), claims_parameter::read) else {
            return refuse(OAuthCode::InvalidRequest, "claims must be an object of access_token and id_token of 4 KB");
        };
        let hint = |name| parameters.get(name).filter(|hint| hint.len() <= MAX_HINT).map(Into::into);
        Ok(Self {
            state: state.map(Into::into),
            challenge,
            asked,
            prompt: parameters.get("prompt").and_then(Prompt::read),
            login_hint: hint("login_hint"),
            domain_hint: hint("domain_hint"),
            claims,
            resource,
        })
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_layer::EntraApp;
    use url::form_urlencoded::Serializer;

    use super::*;
    use crate::testtenant;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(changes: &[(&str, &str)]) -> Result<Wanted, OAuthCode> {
        let good = [("response_type", "code"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
        let mut query = Serializer::new(String::new());
        let kept = good.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        query.extend_pairs(kept).extend_pairs(changes);
        let app = EntraApp::single_tenant(testtenant::TENANT, testtenant::CLIENT).unwrap();
        let scopes = ApiScopes::new(&app, ["access_as_user"]).unwrap();
        let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
        let parameters = Parameters::read(query.finish().as_bytes()).unwrap();
        Wanted::read(&parameters, &scopes, &issuer).map_err(|error| error.code)
    }

    #[test]
    fn the_least_request_is_enough() {
        let wanted = read(&[]).unwrap();
        assert_eq!((wanted.state, wanted.prompt, wanted.resource), (None, None, Resource::Unsaid));
        assert_eq!(wanted.asked.echo(), "access_as_user");
    }

    #[test]
    fn what_is_wrong_has_the_name_that_oauth_gives_it() {
        let long = "s".repeat(2_001);
        for (name, change, expected) in [
            ("a token", ("response_type", "token"), OAuthCode::UnsupportedResponseType),
            ("a code and more", ("response_type", "code id_token"), OAuthCode::UnsupportedResponseType),
            ("no type", ("response_type", ""), OAuthCode::UnsupportedResponseType),
            ("a form post", ("response_mode", "form_post"), OAuthCode::InvalidRequest),
            ("a fragment", ("response_mode", "fragment"), OAuthCode::InvalidRequest),
            ("no challenge", ("code_challenge", ""), OAuthCode::InvalidRequest),
            ("a plain challenge", ("code_challenge_method", "plain"), OAuthCode::InvalidRequest),
            ("no method", ("code_challenge_method", ""), OAuthCode::InvalidRequest),
            ("a long state", ("state", &long), OAuthCode::InvalidRequest),
            ("Graph", ("scope", "https://graph.microsoft.com/.default"), OAuthCode::InvalidScope),
            ("another resource", ("resource", "https://evil.example/mcp"), OAuthCode::InvalidTarget),
            ("claims that are none", ("claims", "[]"), OAuthCode::InvalidRequest),
            ("claims of userinfo", ("claims", r#"{"userinfo":{}}"#), OAuthCode::InvalidRequest),
            ("a request object", ("request", "eyJ"), OAuthCode::InvalidRequest),
            ("one elsewhere", ("request_uri", "https://evil.example"), OAuthCode::InvalidRequest),
        ] {
            assert_eq!(read(&[change]), Err(expected), "{name}");
        }
    }

    #[test]
    fn a_prompt_passes_when_entra_lets_users_answer_it() {
        for (asked, expected) in [
            ("login", Some(Prompt::Login)),
            ("select_account", Some(Prompt::SelectAccount)),
            ("none", Some(Prompt::None)),
            ("consent", None),
            ("admin_consent", None),
            ("consent login", Some(Prompt::Login)),
            ("create", None),
            ("", None),
        ] {
            assert_eq!(read(&[("prompt", asked)]).unwrap().prompt, expected, "{asked}");
        }
    }

    #[test]
    fn hints_pass_unless_they_are_longer_than_any_name() {
        let wanted = read(&[("login_hint", "alice@contoso.com"), ("domain_hint", &"x".repeat(321))]).unwrap();
        assert_eq!((wanted.login_hint.as_deref(), wanted.domain_hint), (Some("alice@contoso.com"), None));
        assert_eq!(read(&[("resource", "https://mcp.contoso.com/mcp")]).unwrap().resource, Resource::Ours);
    }
}
