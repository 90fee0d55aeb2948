//! `GET /authorize`: from a client's request to Entra's sign-in page, by way of the consent page.
//!
//! First client and redirect are proven; until then what is wrong is shown to the person and sent nowhere (RFC 6749 section
//! 4.1.2.1). From then on every error goes back to the client.

use std::sync::Arc;

use http::{HeaderMap, header::SET_COOKIE};
use mcp_auth_layer::{clock::Clock, redirect::AllowedRedirect};

use super::{
    api_scopes::ApiScopes,
    client::{Client, ClientDigest, ClientFault, Clients, RedirectFault},
    consent::{self, Circumstances, Consent, Decision, Destination, Introduction, Matter, Next, Pending},
    error::{OAuthCode, OAuthError},
    flow::{Flow, FlowId, Flows},
    issuer::Issuer,
    parameters::{Parameters, Repeated},
    pkce::Verifier,
    respond::{self, Answer},
    step_up::StepUps,
    upstream::{SignIn, Upstream},
    wanted::{self, Prompt, Wanted},
};
use crate::error::explained;

/// What begins sign-ins.
#[derive(Clone, Debug)]
pub(super) struct Authorize {
    pub(super) issuer: Issuer,
    pub(super) clients: Clients,
    pub(super) scopes: ApiScopes,
    pub(super) consent: Consent,
    pub(super) flows: Flows,
    pub(super) upstream: Upstream,
    pub(super) step_ups: StepUps,
    pub(super) clock: Arc<dyn Clock>,
}

/// Why a person is shown a page, and nobody is told.
#[derive(Debug)]
pub(super) enum Stopped {
    Malformed(&'static str),
    Client { client: ClientDigest, fault: ClientFault },
    Redirect { client: ClientDigest, given: String, why: RedirectFault },
    Form(consent::Refusal),
}

impl From<Repeated> for Stopped {
    fn from(_: Repeated) -> Self {
        Self::Malformed("it names a parameter twice")
    }
}

impl Stopped {
    /// Returns why, for the log; nothing of the request is in it.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Malformed(what) => (*what).to_owned(),
            Self::Client { fault, .. } => explained(fault),
            Self::Redirect { why: why @ RedirectFault::NotAllowed(error), .. } => {
                format!("{why}: {}", error.kind().as_str())
            }
            Self::Redirect { why, .. } => why.to_string(),
            Self::Form(why) => why.as_str().to_owned(),
        }
    }

    /// Returns what is counted: what was not good.
    pub(super) const fn outcome(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "stopped_malformed",
            Self::Client { .. } => "stopped_client",
            Self::Redirect { .. } => "stopped_redirect",
            Self::Form(_) => "stopped_form",
        }
    }

    /// Returns whose request it was, as far as it named a client.
    pub(super) const fn client(&self) -> Option<&ClientDigest> {
        match self {
            Self::Client { client, .. } | Self::Redirect { client, .. } => Some(client),
            Self::Malformed(_) | Self::Form(_) => None,
        }
    }
}

impl Authorize {
    /// Answers a request.
    pub(super) async fn answer(&self, query: &str, browser: &HeaderMap) -> Result<Answer, Stopped> {
        let parameters = Parameters::read(query.as_bytes())?;
        let id = parameters.get("client_id").ok_or(Stopped::Malformed("it names no client"))?;
        let given = parameters.get("redirect_uri").ok_or(Stopped::Malformed("it names no address to go back to"))?;
        let (client, redirect) = self.proven(id, given).await?;
        match Wanted::read(&parameters, &self.scopes, &self.issuer) {
            Ok(wanted) => Ok(self.proceed(&client, &redirect, &wanted, browser).await),
            Err(error) => Ok(self.tell(&client, &redirect, wanted::state(&parameters), &error)),
        }
    }

    /// Hears what a person answered on the consent page.
    pub(super) async fn decide(&self, form: &[u8], browser: &HeaderMap) -> Result<Answer, Stopped> {
        let form = Parameters::read(form)?;
        let Decision { pending, verdict, cookies } =
            self.consent.decide(&form, browser, self.clock.now()).map_err(Stopped::Form)?;
        // Minutes have gone by: client and redirect are judged again.
        let (client, redirect) = self.proven(&pending.client, &pending.redirect).await?;
        let mut response = match verdict {
            consent::Verdict::Approved => self.begin(&client, &redirect, pending, Next::Page, browser).await,
            consent::Verdict::Cancelled => {
                let denied = OAuthError::new(OAuthCode::AccessDenied, "the person did not agree");
                self.tell(&client, &redirect, pending.state.as_deref(), &denied)
            }
        };
        response.headers_mut().extend(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }

    /// Judges client and redirect, as they are known and allowed now.
    async fn proven(&self, id: &str, redirect: &str) -> Result<(Client, AllowedRedirect), Stopped> {
        let client = self.clients.find(id).await;
        let client = client.map_err(|fault| Stopped::Client { client: self.clients.digest_of(id), fault })?;
        match client.redirect(redirect) {
            Ok(allowed) => Ok((client, allowed)),
            Err(why) => Err(Stopped::Redirect { client: client.digest(), given: redirect.to_owned(), why }),
        }
    }

    async fn proceed(
        &self,
        client: &Client,
        redirect: &AllowedRedirect,
        wanted: &Wanted,
        browser: &HeaderMap,
    ) -> Answer {
        let pending = self.pending(client, redirect, wanted);
        let introduction = Introduction { kind: client.kind().clone(), name: client.name() };
        let destination = Destination::of(redirect.as_str());
        let kind = client.kind();
        let matter = Matter { client: client.id(), kind, redirect: &pending.redirect, names: &pending.names };
        let now = self.clock.now();
        let next = consent::next(&Circumstances {
            client: kind,
            resource: pending.resource,
            destination: &destination,
            prompt: pending.prompt,
            memory: self.consent.recall(&matter, browser, now),
            browser,
        });
        match next {
            Next::Page => match self.consent.ask(&introduction, &pending, browser, now) {
                Ok(page) => page,
                Err(_) => {
                    let error = OAuthError::new(OAuthCode::InvalidRequest, "the request is too long");
                    self.tell(client, redirect, pending.state.as_deref(), &error)
                }
            },
            Next::InteractionRequired => {
                let error = OAuthError::new(OAuthCode::InteractionRequired, "a person has to agree first");
                self.tell(client, redirect, pending.state.as_deref(), &error)
            }
            Next::SignIn => self.begin(client, redirect, pending, next, browser).await,
        }
    }

    fn pending(&self, client: &Client, redirect: &AllowedRedirect, wanted: &Wanted) -> Pending {
        let step_up = self.step_ups.newest(wanted.asked.step_ups());
        let hint = wanted.login_hint.as_deref().or(step_up.as_ref().and_then(|step_up| step_up.login_hint.as_deref()));
        Pending {
            client: client.id().to_owned(),
            redirect: redirect.as_str().to_owned(),
            state: wanted.state.as_deref().map(ToOwned::to_owned),
            challenge: wanted.challenge.clone(),
            names: wanted.asked.names().map(ToOwned::to_owned).collect(),
            echo: wanted.asked.echo(),
            prompt: wanted.prompt,
            login_hint: hint.map(ToOwned::to_owned),
            domain_hint: wanted.domain_hint.as_deref().map(ToOwned::to_owned),
            // A challenge is of this server, and newer than whatever a client keeps on asking for.
            claims: step_up
                .map(|step_up| step_up.claims)
                .or(wanted.claims.clone())
                .map(|claims| claims.as_str().to_owned()),
            resource: wanted.resource,
        }
    }

    /// Sends the browser to Entra, with a flow of its own.
    async fn begin(
        &self,
        client: &Client,
        redirect: &AllowedRedirect,
        pending: Pending,
        next: Next,
        browser: &HeaderMap,
    ) -> Answer {
        let (id, verifier) = (FlowId::random(), Verifier::random());
        let destination = Destination::of(redirect.as_str());
        let prompt =
            pending.prompt.or(consent::must_select_account(next, &destination).then_some(Prompt::SelectAccount));
        let sign_in = self
            .upstream
            .sign_in(SignIn {
                id: &id,
                challenge: &verifier.challenge(),
                names: pending.names.iter().map(String::as_str).collect(),
                prompt,
                login_hint: pending.login_hint.as_deref(),
                domain_hint: pending.domain_hint.as_deref(),
                claims: pending.claims.as_deref(),
            })
            .await;
        let url = match sign_in {
            Ok(url) => url,
            Err(error) => return self.tell(client, redirect, pending.state.as_deref(), &error),
        };
        let Pending { redirect: target, state, challenge, names, echo, .. } = pending;
        let begun = self.clock.now().as_secs();
        let flow = Flow { client: client.digest(), redirect: target, state, challenge, names, echo, verifier, begun };
        match self.flows.begin(&id, &flow, browser) {
            Ok(cookies) => {
                tracing::info!(target: "mcp_obo::proxy", client = %flow.client, to = destination.host(), "a sign-in begins");
                let mut response = respond::found(&url);
                response.headers_mut().extend(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
                response
            }
            Err(_) => {
                let error = OAuthError::new(OAuthCode::InvalidRequest, "state and redirect_uri are too long together");
                self.tell(client, redirect, flow.state.as_deref(), &error)
            }
        }
    }

    /// Sends the browser back with an error.
    fn tell(&self, client: &Client, redirect: &AllowedRedirect, state: Option<&str>, error: &OAuthError) -> Answer {
        let span = tracing::info_span!(target: "mcp_obo::proxy", "sign-in", client = %client.digest());
        span.in_scope(|| error.log());
        respond::refused(redirect.as_str(), state, &self.issuer, error).unwrap_or_else(|| respond::error(error))
    }
}
