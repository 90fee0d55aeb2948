//! The On-Behalf-Of grant, in Entra's order: client, assertion, audience, user, scope, consent, Conditional Access, load.

use serde_json::Value;

use super::{
    Failure, Request,
    answer::{self, Refreshable},
    apply_or, client_auth,
};
use crate::{
    challenge::{Evaluation, declares_cp1},
    error::EntraError,
    jwt::Jwt,
    place::Place,
    policy,
    scope::Asked,
    state::Session,
    tenant::{App, Platform, Resource},
    user::User,
};

pub(super) async fn grant(request: &Request<'_>) -> Result<Value, Failure> {
    let (state, form) = (&request.shared.state, request.form);
    count(request);
    let client = client_auth::confidential(request).await?;
    if form.get("requested_token_use") != Some("on_behalf_of") {
        return Err(EntraError::new(900_144).into());
    }
    let assertion = verified(request, form.need("assertion")?)?;
    let user = user(&assertion, client.app)?;
    let asked = asked(request, client.app)?;
    if state.is_revoked(user, assertion.claims["iat"].as_i64().unwrap_or_default()) {
        return Err(EntraError::new(50173).into());
    }
    let (claims, now) = (form.get("claims"), state.clock.now());
    let met = state.met(assertion.text("uti"));
    if !asked.is_consented(client.app) {
        return Err(EntraError::new(65001).with_suberror("consent_required").into());
    }
    policy::judge(user, met, claims, now)?;
    apply_or(request, Place::Exchange, user.name, policy::standing(user.condition)).await?;
    let session = Session {
        user,
        client_id: client.app.client_id.clone(),
        platform: Platform::Web,
        scope: form.need("scope")?.to_owned(),
        // The session's age is new evidence for Graph; MFA is not, and was judged above.
        met: Evaluation { continuous: met.continuous || Evaluation::of(claims).continuous, ..met },
        capable: declares_cp1(claims),
        signed_in: now,
        nonce: None,
    };
    let lifetime = answer::lifetime(request, Place::Exchange, user.name);
    Ok(answer::of_session(request, client, session, &asked, Refreshable::IfAsked, lifetime))
}

/// Counts by the user whom the assertion names, also when it is refused afterwards.
fn count(request: &Request<'_>) {
    let named = request.form.get("assertion").and_then(Jwt::read).and_then(|token| User::find(token.text("oid")));
    request.shared.state.counting.count(|counters| {
        counters.obo += 1;
        if let Some(user) = named {
            *counters.obo_by_user.entry(user.name.to_owned()).or_default() += 1;
        }
    });
}

/// Checks the assertion's signature and times.
fn verified<'a>(request: &Request<'_>, assertion: &'a str) -> Result<Jwt<'a>, EntraError> {
    let state = &request.shared.state;
    let token = Jwt::read(assertion).ok_or_else(|| EntraError::new(50027))?;
    if !token.is_signed_by(&state.keys) {
        return Err(EntraError::new(50013));
    }
    let now = state.clock.now();
    let within = token.claims["exp"].as_i64().is_some_and(|end| now < end)
        && token.claims["nbf"].as_i64().is_none_or(|start| start <= now + 300);
    if within { Ok(token) } else { Err(EntraError::new(500_133)) }
}

/// The audience must be the app that asks, its App ID URI compared with its case; and a user must stand behind it.
fn user(token: &Jwt<'_>, app: &App) -> Result<&'static User, EntraError> {
    if !app.is_named(token.text("aud")) {
        return Err(EntraError::new(500_131));
    }
    // An ID token names no app that asked for it.
    if token.text("azp").is_empty() && token.text("appid").is_empty() {
        return Err(EntraError::new(240_002));
    }
    if token.text("scp").is_empty() {
        return Err(EntraError::new(7_000_114));
    }
    User::find(token.text("oid")).ok_or_else(|| EntraError::new(7_000_114))
}

/// Resolves the scopes: of one resource, and of one that the app's registration lists. That is never another app.
fn asked<'a>(request: &'a Request<'_>, client: &App) -> Result<Asked<'a>, EntraError> {
    let asked = Asked::read(&request.shared.state.apps, request.form.need("scope")?, 700_022)?;
    match &asked.resource {
        Some((Resource::Graph, _)) => Ok(asked),
        Some((Resource::Service(_), _)) => asked.check_permission(client).map(|()| asked),
        Some((Resource::App(_), _)) => Err(EntraError::new(650_057)),
        None => Err(EntraError::new(70011)),
    }
}
