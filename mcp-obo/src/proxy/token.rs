//! `POST /token`: an authorization code or a refresh token of this server's for tokens.
//!
//! Two grants, each parameter once (RFC 6749 sections 4.1.3 and 6). Whatever else is asked for is refused before anybody is asked:
//! this server's credential at Entra is not lent to a grant that a caller chose.

use std::{fmt, sync::Arc};

use mcp_auth_layer::{
    clock::{Clock, UnixTime},
    principal::Principal,
    redirect::RedirectAllowlist,
    reject::Rejection,
    token::BearerToken,
    verify::Verifier as TokenVerifier,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    client::ClientDigest,
    code::Code,
    error::{OAuthCode, OAuthError},
    issuer::Issuer,
    ledger::{Begun, Fault, Ledger},
    parameters::Parameters,
    reference::Reference,
    session::{Session, SessionLife},
    upstream::Upstream,
};
use crate::{
    answer::TokenAnswer,
    audit::{Revoked, SessionEvent},
    seal::KeyRing,
};

/// What redeems codes and refreshes sessions.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    pub(super) upstream: Upstream,
    pub(super) issuer: Issuer,
    pub(super) ring: KeyRing,
    pub(super) allowlist: RedirectAllowlist,
    /// Judges what Entra grants: for this API and of a person, or nobody gets it.
    pub(super) verifier: TokenVerifier,
    pub(super) life: SessionLife,
    pub(super) ledger: Ledger,
    pub(super) clock: Arc<dyn Clock>,
}

/// The session that a new refresh token continues, or begins.
struct Continued {
    client: ClientDigest,
    family: String,
    sequence: u64,
    names: Vec<String>,
    echo: String,
    signed_in: u64,
    ends: u64,
    /// Whose it must be, when that is known from before.
    person: Option<(String, String)>,
    /// Entra's, when it does not send another one.
    upstream: Option<Zeroizing<String>>,
}

/// Whose an access token is.
struct Person {
    tenant: String,
    object_id: String,
    /// Entra's name of that token.
    uti: Option<String>,
}

impl Tokens {
    /// Answers a client that has proved itself.
    pub(super) async fn grant(&self, client: &ClientDigest, parameters: &Parameters) -> Result<Value, OAuthError> {
        if parameters.get("resource").is_some_and(|named| !self.issuer.is_ours(named)) {
            return Err(OAuthError::new(OAuthCode::InvalidTarget, "resource names another server"));
        }
        match parameters.get("grant_type") {
            Some("authorization_code") => self.redeem(client, parameters).await,
            Some("refresh_token") => self.refresh(client, parameters).await,
            Some(_) => Err(OAuthError::new(
                OAuthCode::UnsupportedGrantType,
                "grant_type must be authorization_code or refresh_token",
            )),
            None => Err(OAuthError::new(OAuthCode::InvalidRequest, "grant_type is missing")),
        }
    }

    async fn redeem(&self, client: &ClientDigest, parameters: &Parameters) -> Result<Value, OAuthError> {
        let refused = || OAuthError::new(OAuthCode::InvalidGrant, "the code is not good; sign in again");
        let now = self.clock.now();
        let text = parameters.get("code").ok_or_else(|| missing("code is missing"))?;
        let verifier = parameters.get("code_verifier").ok_or_else(|| missing("code_verifier is missing"))?;
        let mut code = Code::open(&self.ring, text, now).ok_or_else(refused)?;
        // All of it before Entra is asked: a thief's attempt must not use the code up.
        let is_still_allowed = self.allowlist.check(&code.redirect).is_ok();
        if !is_still_allowed || !code.is_for(client, parameters.get("redirect_uri"), verifier) {
            return Err(refused());
        }
        (code.names, code.echo) = self.upstream.scopes().left_of(&code.names, &code.echo).ok_or_else(refused)?;
        let (family, host) = (code.family(), code.redirect_host());
        let event = SessionEvent {
            client: Some(code.client.as_str()),
            session: Some(&family),
            redirect_host: host.as_deref(),
            ..SessionEvent::default()
        };
        let ends = self.life.end(UnixTime::from_secs(code.made));
        let held =
            self.ledger.redeem(&family, ends).await.map_err(|fault| told(fault, event, Revoked::CodeReplayed))?;
        let (answer, person) = held.settle(self.begin(&code, &family, ends).await).await?;
        person.event(event).granted();
        Ok(answer)
    }

    async fn begin(&self, code: &Code, family: &str, ends: UnixTime) -> Result<(Value, Person), OAuthError> {
        let names = code.names.iter().map(String::as_str);
        let granted = self.upstream.redeem(&code.upstream, &code.verifier, names).await?;
        let continued = Continued {
            client: code.client.clone(),
            family: family.to_owned(),
            sequence: 0,
            names: code.names.clone(),
            echo: code.echo.clone(),
            signed_in: code.made,
            ends: ends.as_secs(),
            person: None,
            upstream: None,
        };
        let (answer, person) = self.answer(&granted, continued).await?;
        let Person { tenant, object_id, .. } = &person;
        // Whose it is was not known before, and somebody may have redeemed the code meanwhile as well.
        self.ledger.check(Begun { family, tenant, object_id, signed_in: code.made }).await?;
        Ok((answer, person))
    }

    async fn refresh(&self, client: &ClientDigest, parameters: &Parameters) -> Result<Value, OAuthError> {
        let text = parameters.get("refresh_token").ok_or_else(|| missing("refresh_token is missing"))?;
        let over = || OAuthError::new(OAuthCode::InvalidGrant, "the session is over; sign in again");
        let session = Session::open(&self.ring, text, client, self.life, self.clock.now());
        let mut session = session.ok_or_else(over)?;
        (session.names, session.echo) =
            self.upstream.scopes().left_of(&session.names, &session.echo).ok_or_else(over)?;
        let event = SessionEvent { sequence: Some(session.sequence), ..session.event() };
        let held = self.ledger.refresh(&session).await.map_err(|fault| told(fault, event, Revoked::Reuse))?;
        let (answer, person) = held.settle(self.proceed(&session).await).await?;
        person.event(event).granted();
        Ok(answer)
    }

    async fn proceed(&self, session: &Session) -> Result<(Value, Person), OAuthError> {
        let granted = self.upstream.refresh(&session.upstream, session.names.iter().map(String::as_str)).await?;
        let continued = Continued {
            client: session.client.clone(),
            family: session.family.clone(),
            sequence: session.sequence + 1,
            names: session.names.clone(),
            echo: session.echo.clone(),
            signed_in: session.signed_in,
            ends: session.ends,
            person: Some((session.tenant.clone(), session.object_id.clone())),
            upstream: Some(session.upstream.clone()),
        };
        self.answer(&granted, continued).await
    }

    /// Makes the answer: Entra's access token, and a refresh token of this server's around Entra's.
    async fn answer(&self, granted: &TokenAnswer, session: Continued) -> Result<(Value, Person), OAuthError> {
        let token = granted.access_token();
        let person = self.person(token.expose_secret()).await?;
        let Person { tenant, object_id, .. } = &person;
        if session.person.as_ref().is_some_and(|(known, id)| known != tenant || id != object_id) {
            return Err(unusable("it is of another person"));
        }
        let now = self.clock.now();
        let mut answer = json!({
            "access_token": token.expose_secret(),
            "token_type": "Bearer",
            // Counted anew: the token may have been on the way for a while.
            "expires_in": now.until(token.expires_at()).as_secs(),
            "scope": session.echo,
        });
        let next = granted.refresh_token().map(|next| Zeroizing::new(next.expose_secret().to_owned()));
        if let Some(upstream) = next.or(session.upstream) {
            let (tenant, object_id) = (tenant.clone(), object_id.clone());
            let Continued { client, family, sequence, names, echo, signed_in, ends, .. } = session;
            let next = Session { client, tenant, object_id, family, sequence, names, echo, signed_in, ends, upstream };
            answer["refresh_token"] =
                next.seal(&self.ring).map_err(|_| unusable("its refresh token is too long"))?.into();
        }
        Ok((answer, person))
    }

    /// Tells whose token it is; one for another API, or of no person, is handed out to nobody.
    async fn person(&self, token: &str) -> Result<Person, OAuthError> {
        let verified = match self.verifier.verify(BearerToken::new(token)).await {
            Ok(verified) => verified,
            // Nothing is wrong with it: nobody can tell yet.
            Err(Rejection::Unavailable { retry_after }) => {
                let text = "the sign-in service's keys cannot be fetched now; try again";
                let error = OAuthError::new(OAuthCode::TemporarilyUnavailable, text);
                return Err(OAuthError { retry_after: Some(retry_after), ..error });
            }
            Err(why) => return Err(unusable(why.to_string())),
        };
        match verified.principal() {
            Principal::User { user, .. } => Ok(Person {
                tenant: user.tenant().to_string(),
                object_id: user.object_id().to_owned(),
                uti: verified.claims().token_id().map(ToOwned::to_owned),
            }),
            _ => Err(unusable("it is of no person")),
        }
    }
}

impl Person {
    fn event<'a>(&'a self, event: SessionEvent<'a>) -> SessionEvent<'a> {
        SessionEvent { tid: Some(&self.tenant), oid: Some(&self.object_id), uti: self.uti.as_deref(), ..event }
    }
}

/// Audits what ends a session, and puts into words why nothing is granted.
fn told(fault: Fault, event: SessionEvent<'_>, reason: Revoked) -> OAuthError {
    if matches!(fault, Fault::UsedBefore) {
        event.revoked(reason);
    }
    fault.into()
}

fn missing(text: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::InvalidRequest, text)
}

fn unusable(why: impl fmt::Display) -> OAuthError {
    let reference = Reference::random();
    tracing::error!(target: "mcp_obo::proxy", %reference, %why, "the token that was granted is handed out to nobody");
    let text = "the sign-in service granted something else than was asked for";
    OAuthError::referring(OAuthCode::ServerError, text, reference)
}

#[cfg(test)]
mod tests;
