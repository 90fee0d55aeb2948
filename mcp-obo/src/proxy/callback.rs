//! `GET /oauth/callback`: a browser comes back from Entra.
//!
//! Nobody is asked for tokens here: Entra's code is sealed into one of this server's, which the client redeems with its proof.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use mcp_auth_layer::{clock::Clock, redirect::RedirectAllowlist};
use zeroize::Zeroizing;

use super::{
    code::Code,
    consent::Pages,
    error::{OAuthCode, OAuthError},
    flow::{Flow, FlowId, Flows},
    issuer::Issuer,
    meter,
    parameters::Parameters,
    registration::Registration,
    respond::{self, Answer},
    told::Told,
};
use crate::seal::KeyRing;

/// What finishes sign-ins.
#[derive(Clone, Debug)]
pub(super) struct Callback {
    pub(super) issuer: Issuer,
    pub(super) ring: KeyRing,
    pub(super) flows: Flows,
    pub(super) allowlist: RedirectAllowlist,
    pub(super) registration: Registration,
    pub(super) pages: Pages,
    pub(super) clock: Arc<dyn Clock>,
}

/// Why a browser that came back is sent nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranded {
    /// The request is not one that Entra sends.
    Malformed,
    /// No sign-in of this browser has that name: it began elsewhere, was finished, or is too old.
    Unknown,
    /// The client's redirect is no longer allowed.
    Redirect,
}

impl Stranded {
    /// Returns why, for the log.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "it brought no answer of the sign-in",
            Self::Unknown => {
                "this browser has no such sign-in: it began in another one, was finished, is older than ten minutes, or was \
                 sealed under a key that this server does not have"
            }
            Self::Redirect => "the client's redirect URI is not allowed any more",
        }
    }
}

impl Callback {
    /// Sends the browser on to its client.
    pub(super) fn answer(&self, query: &str, browser: &HeaderMap) -> Result<Answer, Stranded> {
        let parameters = Parameters::read(query.as_bytes()).map_err(|_| Stranded::Malformed)?;
        let id = parameters.get("state").and_then(FlowId::read).ok_or(Stranded::Malformed)?;
        let now = self.clock.now();
        let flow = self.flows.find(&id, browser, now).ok_or(Stranded::Unknown)?;
        // Judged by today's list: what was allowed when the sign-in began may not be any more.
        self.allowlist.check(&flow.redirect).map_err(|_| Stranded::Redirect)?;
        let (redirect, state) = (flow.redirect.clone(), flow.state.clone());
        let refused = |error: &OAuthError| {
            respond::refused(&redirect, state.as_deref(), &self.issuer, error).ok_or(Stranded::Redirect)
        };
        let mut answer = match (parameters.get("code"), parameters.get("error")) {
            (Some(upstream), None) => match self.code(flow, upstream, now.as_secs()) {
                Some(code) => respond::back(&redirect, state.as_deref(), &self.issuer, [("code", &*code)])
                    .ok_or(Stranded::Redirect)?,
                None => refused(&TOO_LONG)?,
            },
            (None, Some(error)) => {
                let told = Told::at_sign_in(error, parameters.get("error_description"));
                let span = tracing::info_span!(target: "mcp_obo::proxy", "sign-in", client = %flow.client);
                span.in_scope(|| told.log(&self.registration));
                // The client could do nothing about it, and the person can tell somebody who can.
                match told.is_not_set_up() {
                    true => meter::noted(self.pages.not_set_up(&self.registration, told.reference()), "not_set_up"),
                    false => refused(&told.by_redirect())?,
                }
            }
            _ => return Err(Stranded::Malformed),
        };
        let spent: Option<HeaderValue> = self.flows.end(&id);
        answer.headers_mut().extend(spent.map(|cookie| (SET_COOKIE, cookie)));
        Ok(answer)
    }

    fn code(&self, flow: Flow, upstream: &str, made: u64) -> Option<String> {
        let Flow { client, redirect, challenge, names, echo, verifier, .. } = flow;
        let upstream = Zeroizing::new(upstream.to_owned());
        Code { client, redirect, challenge, names, echo, verifier, upstream, made }.seal(&self.ring).ok()
    }
}

/// Nothing that Entra sends is that long.
const TOO_LONG: OAuthError = OAuthError::new(OAuthCode::ServerError, "the sign-in service's code is too long");

#[cfg(test)]
mod tests;
