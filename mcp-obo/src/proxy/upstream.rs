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
    reference::Reference,
    registration::Registration,
    told::Told,
    wanted::Prompt,
};
use crate::{
    answer::TokenAnswer,
    credential::ClientCredentials,
    error::ExchangeError,
    grant::{CodeGrant, TokenRequest},
    target::Target,
    token_endpoint::TokenEndpoint,
};

/// The app that this proxy is at Entra, and the API that it asks for.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    endpoint: TokenEndpoint,
    scopes: ApiScopes,
    registration: Registration,
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
        registration: Registration,
    ) -> Self {
        Self { endpoint: TokenEndpoint::new(app, credentials), scopes, registration }
    }

    pub(super) const fn scopes(&self) -> &ApiScopes {
        &self.scopes
    }

    pub(super) fn credentials(&self) -> &ClientCredentials {
        self.endpoint.credentials()
    }

    /// Returns the address of the sign-in page.
    pub(super) async fn sign_in(&self, wanted: SignIn<'_>) -> Result<Url, OAuthError> {
        let endpoints = self.endpoints().await?;
        let mut url = Url::parse(endpoints.authorization_endpoint())
            .map_err(|_| impossible("the authorization endpoint that discovery names is no URL"))?;
        let target = self.target(wanted.names)?;
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs([
                ("client_id", self.endpoint.app().client_id()),
                ("response_type", "code"),
                // Cookies that are `Lax` do not travel with `form_post`.
                ("response_mode", "query"),
                ("redirect_uri", self.registration.callback()),
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
        let target = self.target(names)?;
        let grant = CodeGrant {
            code: SecretString::from(code),
            verifier: SecretString::from(verifier.expose_secret()),
            redirect_uri: self.registration.callback().into(),
        };
        let request = TokenRequest::authorization_code(Some(self.tenant().await?), grant, target);
        self.exchange(request).await
    }

    /// Gets new tokens for a session.
    pub(super) async fn refresh(
        &self,
        token: &str,
        names: impl IntoIterator<Item = &str>,
    ) -> Result<TokenAnswer, OAuthError> {
        let target = self.target(names)?;
        let request = TokenRequest::refresh(Some(self.tenant().await?), SecretString::from(token), target);
        self.exchange(request).await
    }

    pub(super) async fn endpoints(&self) -> Result<Arc<Endpoints>, OAuthError> {
        self.endpoint.app().authority().endpoints().await.map_err(|why| self.told(&why.into()))
    }

    async fn exchange(&self, request: TokenRequest) -> Result<TokenAnswer, OAuthError> {
        self.endpoint.clone().exchange(request).await.map_err(|error| self.told(&error))
    }

    fn told(&self, error: &ExchangeError) -> OAuthError {
        let told = Told::at_token(error);
        told.log(&self.registration);
        OAuthError { retry_after: error.retry_after(), ..told.by_answer(&self.registration) }
    }

    fn target<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Target, OAuthError> {
        self.scopes.target(names).map_err(|_| impossible("the scopes cannot be asked for"))
    }

    async fn tenant(&self) -> Result<TenantId, OAuthError> {
        self.endpoints().await?.tenant().cloned().ok_or_else(|| impossible("the app belongs to no single tenant"))
    }
}

/// What is no fault of Entra's and of no client's.
fn impossible(what: &'static str) -> OAuthError {
    let reference = Reference::random();
    tracing::error!(target: "mcp_obo::proxy", %reference, what, "a sign-in is not possible as this server is set up");
    OAuthError::referring(
        OAuthCode::ServerError,
        "this server is not set up rightly; its log says what is wrong",
        reference,
    )
}
