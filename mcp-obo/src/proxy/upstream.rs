//! Entra, as this proxy uses it: where people sign in, and the two grants behind that.

use std::sync::Arc;

use mcp_auth_layer::{EntraApp, authority::Endpoints, tenant::TenantId};
use secrecy::SecretString;
use url::Url;

use super::{
    api_scopes::ApiScopes,
    error::{OAuthCode, OAuthError},
    flow::FlowId,
    pkce::{Challenge, Verifier},
    wanted::Prompt,
};
use crate::{
    answer::TokenAnswer,
    credential::ClientCredentials,
    error::{ExchangeError, ExchangeErrorKind},
    grant::{CodeGrant, TokenRequest},
    token_endpoint::TokenEndpoint,
};

/// The app that this proxy is at Entra, and the API that it asks for.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    endpoint: TokenEndpoint,
    scopes: ApiScopes,
    callback: Arc<str>,
}

/// What a sign-in page is asked for.
#[derive(Debug)]
pub(super) struct SignIn<'a> {
    pub(super) id: &'a FlowId,
    pub(super) challenge: &'a Challenge,
    pub(super) names: Vec<&'a str>,
    pub(super) prompt: Option<Prompt>,
    pub(super) login_hint: Option<&'a str>,
    pub(super) domain_hint: Option<&'a str>,
    /// Entra's own claims parameter, for a step-up.
    pub(super) claims: Option<&'a str>,
}

impl Upstream {
    pub(super) fn new(
        app: &EntraApp,
        credentials: impl Into<ClientCredentials>,
        scopes: ApiScopes,
        callback: String,
    ) -> Self {
        Self { endpoint: TokenEndpoint::new(app, credentials), scopes, callback: callback.into() }
    }

    /// Returns the address of the sign-in page.
    pub(super) async fn sign_in(&self, wanted: SignIn<'_>) -> Result<Url, OAuthError> {
        let endpoints = self.endpoints().await?;
        let mut url = Url::parse(endpoints.authorization_endpoint()).map_err(|_| server_error())?;
        let target = self.scopes.target(wanted.names).map_err(|_| server_error())?;
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs([
                ("client_id", self.endpoint.app().client_id()),
                ("response_type", "code"),
                // Cookies that are `Lax` do not travel with `form_post`.
                ("response_mode", "query"),
                ("redirect_uri", &*self.callback),
                ("scope", &format!("{} offline_access", target.scope())),
                ("state", wanted.id.as_str()),
                ("code_challenge", wanted.challenge.as_str()),
                ("code_challenge_method", "S256"),
            ]);
            let hints = [
                ("prompt", wanted.prompt.map(Prompt::as_str)),
                ("login_hint", wanted.login_hint),
                ("domain_hint", wanted.domain_hint),
                ("claims", wanted.claims),
            ];
            query.extend_pairs(hints.into_iter().filter_map(|(name, value)| Some((name, value?))));
        }
        Ok(url)
    }

    /// Redeems a code of Entra's.
    pub(super) async fn redeem(
        &self,
        code: &str,
        verifier: &Verifier,
        names: impl IntoIterator<Item = &str>,
    ) -> Result<TokenAnswer, OAuthError> {
        let target = self.scopes.target(names).map_err(|_| server_error())?;
        let grant = CodeGrant {
            code: SecretString::from(code),
            verifier: SecretString::from(verifier.expose_secret()),
            redirect_uri: (&*self.callback).into(),
        };
        let request = TokenRequest::authorization_code(self.tenant().await?, grant, target);
        self.endpoint.clone().exchange(request).await.map_err(|error| told(&error))
    }

    /// Gets new tokens for a session.
    pub(super) async fn refresh(
        &self,
        token: &str,
        names: impl IntoIterator<Item = &str>,
    ) -> Result<TokenAnswer, OAuthError> {
        let target = self.scopes.target(names).map_err(|_| server_error())?;
        let request = TokenRequest::refresh(self.tenant().await?, SecretString::from(token), target);
        self.endpoint.clone().exchange(request).await.map_err(|error| told(&error))
    }

    pub(super) async fn endpoints(&self) -> Result<Arc<Endpoints>, OAuthError> {
        self.endpoint.app().authority().endpoints().await.map_err(|why| {
            let error = OAuthError::new(OAuthCode::TemporarilyUnavailable, "the sign-in service cannot be reached now");
            OAuthError { retry_after: Some(why.retry_after()), ..error }
        })
    }

    async fn tenant(&self) -> Result<TenantId, OAuthError> {
        self.endpoints().await?.tenant().cloned().ok_or_else(server_error)
    }
}

/// What a client is told when Entra grants nothing.
///
/// Whatever a new sign-in can cure is `invalid_grant`, on which clients drop what they have and sign in again; what passes is
/// 503, and never `invalid_grant`: a moment's outage must not end everybody's session.
pub(super) fn told(error: &ExchangeError) -> OAuthError {
    use ExchangeErrorKind as Kind;
    let code = match error.kind() {
        Kind::StepUp | Kind::Consent | Kind::BlockedByPolicy | Kind::AssertionRefused | Kind::AssertionExpired => {
            OAuthCode::InvalidGrant
        }
        Kind::Throttled | Kind::Unavailable => OAuthCode::TemporarilyUnavailable,
        _ => OAuthCode::ServerError,
    };
    let text = match code {
        OAuthCode::InvalidGrant => "the sign-in is no longer good; sign in again",
        OAuthCode::TemporarilyUnavailable => "the sign-in service cannot answer now; try again",
        _ => "this server is not set up rightly; its log says what is wrong",
    };
    OAuthError { retry_after: error.retry_after(), ..OAuthError::new(code, text) }
}

fn server_error() -> OAuthError {
    OAuthError::new(OAuthCode::ServerError, "this server is not set up rightly; its log says what is wrong")
}
