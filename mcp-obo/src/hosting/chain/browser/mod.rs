//! `InteractiveBrowserCredential`: somebody signs in to a browser window on this machine (RFC 8252).

mod listener;
mod opener;
mod page;
#[cfg(test)]
mod tests;

use std::{fmt, io, sync::Arc, time::Duration};

use mcp_auth_layer::{EntraApp, tenant::TenantId};
use secrecy::SecretString;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use self::{
    listener::{Listener, Returned},
    opener::SystemOpener,
};
use super::{
    identity::Identity,
    link::{Ask, Lasts, Link, Miss},
    name::CredentialName,
    values::HostValues,
    window::Opener,
};
use crate::{
    aadsts,
    access_token::AccessToken,
    answer::TokenAnswer,
    boxed::BoxFuture,
    credential::PublicClient,
    error::{ExchangeError, ExchangeErrorKind, explained},
    grant::{CodeGrant, TokenRequest},
    pkce::Verifier,
    token_endpoint::TokenEndpoint,
};

/// Whoever signs in at this machine.
#[derive(Debug)]
pub(super) struct Browser {
    app: Result<EntraApp, String>,
    opener: Arc<dyn Opener>,
    patience: Duration,
    /// Locked until there is a token or none: however many APIs are asked for, there is one window at a time, and after it the
    /// others have what it brought.
    session: Mutex<Session>,
}

/// What is known of the person; in memory alone.
#[derive(Default)]
struct Session {
    endpoint: Option<TokenEndpoint>,
    refresh: Option<SecretString>,
    /// Nobody came, or somebody said no: those who waited behind do not open the same window again.
    declined: Option<(Instant, String)>,
}

/// How long a no is a no.
const DECLINED: Duration = Duration::from_secs(30);
/// For the requests to Entra around a sign-in.
const REQUESTS: Duration = Duration::from_secs(60);

impl Browser {
    pub(super) fn new(base: &EntraApp, host: &HostValues) -> Self {
        let options = &host.browser;
        let app = match &host.tenant {
            Some(tenant) => base.beside(tenant, &options.client_id),
            None => base.beside_for_any_organization(&options.client_id),
        };
        let opener = options.opener.clone().unwrap_or_else(|| Arc::new(SystemOpener::new(host)));
        let app = app.map_err(|why| explained(&why));
        Self { app, opener, patience: options.patience, session: Mutex::default() }
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<AccessToken, Miss> {
        let app = match &self.app {
            Ok(app) => app,
            Err(why) => {
                return Err(Miss::failed(why.clone()).cured_by("correct AZURE_TENANT_ID or AZURE_MCP_CLIENT_ID"));
            }
        };
        self.opener.check().map_err(|why| no_window(&why))?;
        let mut session = self.session.lock().await;
        let endpoint = session.endpoint.get_or_insert_with(|| TokenEndpoint::new(app, PublicClient)).clone();
        if let Some(refresh) = session.refresh.clone() {
            match renewed(&endpoint, refresh, ask).await {
                Ok(answer) => return session.keep(&answer),
                Err(error) => {
                    if has_ended(&error) {
                        session.refresh = None;
                    } else if !is_a_persons_to_cure(&error) {
                        // A window would show Entra's error page, from which nobody comes back.
                        return Err(Miss::of_entra(error));
                    }
                }
            }
        }
        if let Some((_, why)) = session.declined.as_ref().filter(|(when, _)| when.elapsed() < DECLINED) {
            return Err(Miss::failed(why.clone()).cured_by(SIGN_IN));
        }
        let came = self.sign_in(&endpoint, ask).await.and_then(|answer| session.keep(&answer));
        came.map_err(|miss| {
            if miss.lasts != Lasts::AWhile {
                session.declined = Some((Instant::now(), miss.reason.to_string()));
            }
            // Who said no to one API is still signed in for the others.
            let is_signed_in = session.refresh.is_some() && miss.lasts == Lasts::UntilCured;
            if is_signed_in { miss.for_this_api() } else { miss }
        })
    }

    /// Sends somebody to Entra and waits for the answer.
    async fn sign_in(&self, endpoint: &TokenEndpoint, ask: Ask<'_>) -> Result<TokenAnswer, Miss> {
        let listener = Listener::bind().await;
        let listener =
            listener.map_err(|why| Miss::failed(format!("no port of this machine could be opened: {}", why.kind())))?;
        let (state, verifier, redirect) = (Verifier::random(), Verifier::random(), listener.redirect_uri());
        let address = address(endpoint, ask, &redirect, &state, &verifier).await?;
        let opened = self.opener.open(address.as_str()).await;
        opened.map_err(|why| no_window(&why))?;
        tracing::info!(target: "mcp_obo::hosting", within_s = self.patience.as_secs(), "a browser window asks somebody to sign in");
        let nobody =
            || Miss::failed(format!("nobody signed in within {} s", self.patience.as_secs())).cured_by(SIGN_IN);
        let returned = tokio::time::timeout(self.patience, listener.answer(&state)).await.map_err(|_| nobody())?;
        let code = match returned {
            Returned::Code(code) => code,
            Returned::Refused { aadsts } => return Err(refused(aadsts)),
            Returned::Broken(why) => return Err(Miss::failed(format!("the answer could not be received: {why}"))),
        };
        let verifier = SecretString::from(verifier.expose_secret());
        let grant = CodeGrant { code, verifier, redirect_uri: redirect.into() };
        let tenant = tenant(endpoint).await?;
        let request = TokenRequest::authorization_code(tenant, grant, ask.target.everything());
        exchanged(endpoint, request, ask).await.map_err(Miss::of_entra)
    }
}

impl Session {
    fn keep(&mut self, answer: &TokenAnswer) -> Result<AccessToken, Miss> {
        let token = answer.access_token();
        if Identity::of(token).is_personal() {
            // Otherwise the same account would come again, and nobody be asked for another.
            self.refresh = None;
            let miss = Miss::failed(
                "somebody signed in with a personal Microsoft account; only work and school accounts count",
            );
            return Err(miss.cured_by("choose a work or school account in the browser"));
        }
        self.declined = None;
        // Entra gives another one each time; the one before stays good where it gives none.
        if let Some(refresh) = answer.refresh_token() {
            self.refresh = Some(refresh.clone());
        }
        Ok(token.clone())
    }
}

/// Prints nothing of what it holds.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_signed_in", &self.refresh.is_some()).finish_non_exhaustive()
    }
}

impl Link for Browser {
    fn name(&self) -> CredentialName {
        CredentialName::InteractiveBrowser
    }

    fn token<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        Box::pin(self.ask(ask))
    }

    fn takes_claims(&self) -> bool {
        true
    }

    fn patience(&self) -> Duration {
        self.patience.saturating_add(REQUESTS)
    }
}

/// Writes the address of the sign-in page (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
async fn address(
    endpoint: &TokenEndpoint,
    ask: Ask<'_>,
    redirect: &str,
    state: &Verifier,
    verifier: &Verifier,
) -> Result<Url, Miss> {
    let endpoints = endpoint.app().authority().endpoints().await.map_err(|why| Miss::of_entra(why.into()))?;
    let url = Url::parse(endpoints.authorization_endpoint());
    let mut url = url.map_err(|_| Miss::failed("the authorization endpoint that discovery names is no URL"))?;
    let claims = ask.challenge.map(crate::www_authenticate::ClaimsRequest::read).transpose();
    let claims = claims.map_err(|why| Miss::of_entra(why.into()))?;
    url.query_pairs_mut()
        .extend_pairs([
            ("client_id", endpoint.app().client_id()),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", redirect),
            ("scope", &format!("{} offline_access", ask.target.everything().scope())),
            ("state", state.expose_secret()),
            ("code_challenge", verifier.challenge().as_str()),
            ("code_challenge_method", "S256"),
            // People have several accounts, and the browser would take the one that was used last.
            ("prompt", "select_account"),
        ])
        .extend_pairs(claims.as_ref().map(|claims| ("claims", claims.as_str())));
    Ok(url)
}

async fn renewed(endpoint: &TokenEndpoint, refresh: SecretString, ask: Ask<'_>) -> Result<TokenAnswer, ExchangeError> {
    let tenant = endpoint.app().authority().endpoints().await?.tenant().cloned();
    exchanged(endpoint, TokenRequest::refresh(tenant, refresh, ask.target.everything()), ask).await
}

async fn exchanged(
    endpoint: &TokenEndpoint,
    request: TokenRequest,
    ask: Ask<'_>,
) -> Result<TokenAnswer, ExchangeError> {
    let request = match ask.challenge {
        Some(challenge) => request.with_claims(challenge)?,
        None => request,
    };
    endpoint.clone().exchange(request).await
}

/// The session is over, whatever is asked for.
fn has_ended(error: &ExchangeError) -> bool {
    matches!(error.kind(), ExchangeErrorKind::AssertionRefused | ExchangeErrorKind::AssertionExpired)
}

/// The person must prove more for this API, or may consent to it, and for that sees a window.
fn is_a_persons_to_cure(error: &ExchangeError) -> bool {
    const CONSENT: u32 = 65_001;
    error.kind() == ExchangeErrorKind::StepUp || error.aadsts_code() == Some(CONSENT)
}

async fn tenant(endpoint: &TokenEndpoint) -> Result<Option<TenantId>, Miss> {
    let endpoints = endpoint.app().authority().endpoints().await.map_err(|why| Miss::of_entra(why.into()))?;
    Ok(endpoints.tenant().cloned())
}

fn no_window(why: &io::Error) -> Miss {
    Miss::unavailable(format!("no browser can be opened: {why}")).cured_by(ELSEWHERE)
}

/// Entra's sign-in page came back with an error.
fn refused(code: Option<u32>) -> Miss {
    let known = code.and_then(aadsts::find);
    let reason = match code {
        Some(code) => format!("the sign-in in the browser was refused or cancelled (AADSTS{code})"),
        None => "the sign-in in the browser was refused or cancelled".to_owned(),
    };
    Miss::failed(reason).cured_by(known.map_or(SIGN_IN, |known| known.advice))
}

const SIGN_IN: &str = "try again, and sign in with a work or school account in the window that opens";
const ELSEWHERE: &str = "sign in with `az login` on this machine, or give it a service principal";
