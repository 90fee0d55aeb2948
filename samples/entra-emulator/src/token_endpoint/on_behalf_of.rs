//! The On-Behalf-Of grant, in Entra's order: client, assertion, audience, user, scope, consent, Conditional Access, load.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::{Failure, Request, apply, client_auth};
use crate::{
    error::EntraError,
    fault::{Fault, Place},
    form::{answers_challenge, declares_cp1},
    scope::Asked,
    tenant::{App, Condition, Resource, User},
    token::{self, GraphOrder, LIFETIME, part},
};

pub(super) async fn grant(request: &Request<'_>) -> Result<Value, Failure> {
    let (state, form) = (&request.shared.state, request.form);
    let assertion = form.get("assertion");
    // Counted by the user whom the assertion names, also when it is refused afterwards.
    let named = assertion.and_then(|token| part(token, 1)).and_then(|claims| User::find(claims["oid"].as_str()?));
    if let Some(user) = named {
        state.counting.count(|counters| *counters.obo_by_user.entry(user.name.to_owned()).or_default() += 1);
    }
    let client = client_auth::confidential(request)?;
    if form.get("requested_token_use") != Some("on_behalf_of") {
        return Err(EntraError::new(900_144).into());
    }
    let claims = verified(request, form.need("assertion")?)?;
    let user = user(&claims, client.app)?;
    let asked = Asked::read(&state.apps, form.need("scope")?, 700_022)?;
    let Some((Resource::Graph, _)) = &asked.resource else {
        return Err(EntraError::new(65001).with_suberror("consent_required").into());
    };
    if state.is_revoked(user) {
        return Err(EntraError::new(50173).into());
    }
    let session = Assertion {
        stepped_up: state.is_stepped_up(claims["uti"].as_str().unwrap_or_default()),
        challenged: answers_challenge(form.get("claims")),
    };
    conditions(user, session, state.clock.now())?;
    let fault = state.faults.get(Place::Exchange, user.name).or(standing(user.condition));
    apply(fault).await?;
    let granted = asked.granted();
    let order = GraphOrder {
        user,
        scopes: &granted,
        client: &client.app.client_id,
        capable: declares_cp1(form.get("claims")),
        evaluated: session.stepped_up,
        now: state.clock.now(),
    };
    let mut answer = json!({
        "token_type": "Bearer", "scope": granted, "expires_in": LIFETIME, "ext_expires_in": LIFETIME,
        "access_token": token::sign_for_graph(&state.keys, &order),
    });
    if asked.wants_refresh() {
        let session = crate::state::Session {
            user,
            client_id: client.app.client_id.clone(),
            platform: crate::tenant::Platform::Web,
            scope: form.need("scope")?.to_owned(),
            stepped_up: session.stepped_up,
            capable: order.capable,
            signed_in: order.now,
        };
        answer["refresh_token"] = json!(state.remember_session(session));
    }
    if form.get("client_info") == Some("1") {
        answer["client_info"] = json!(client_info(user));
    }
    if asked.oidc.contains(&"openid") {
        answer["id_token"] = json!(id_token(request, user, client.app));
    }
    Ok(answer)
}

/// Checks the assertion's signature and times.
fn verified(request: &Request<'_>, assertion: &str) -> Result<Value, EntraError> {
    let state = &request.shared.state;
    let malformed = || EntraError::new(50027);
    let header = part(assertion, 0).ok_or_else(malformed)?;
    let claims = part(assertion, 1).ok_or_else(malformed)?;
    let (message, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    if claims["aud"].as_str().is_some_and(|audience| audience.contains("graph.microsoft.com")) {
        return Err(EntraError::new(500_131));
    }
    let key = header["kid"].as_str().and_then(|kid| state.keys.find(kid)).ok_or_else(|| EntraError::new(50013))?;
    let good = header["alg"] == "RS256"
        && jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, Algorithm::RS256)
            .unwrap_or(false);
    if !good {
        return Err(EntraError::new(50013));
    }
    let now = state.clock.now();
    let within = claims["exp"].as_i64().is_some_and(|end| now < end)
        && claims["nbf"].as_i64().is_none_or(|start| start <= now + 300);
    if within { Ok(claims) } else { Err(EntraError::new(500_133)) }
}

/// The audience must be the app that asks, its App ID URI compared with its case; and a user must stand behind it.
fn user(claims: &Value, app: &App) -> Result<&'static User, EntraError> {
    if !claims["aud"].as_str().is_some_and(|audience| app.is_named(audience)) {
        return Err(EntraError::new(500_131));
    }
    if claims["scp"].as_str().is_none() {
        return Err(EntraError::new(7_000_114));
    }
    claims["oid"].as_str().and_then(User::find).ok_or_else(|| EntraError::new(7_000_114))
}

/// What is known of the sign-in session behind the assertion, and of this request.
#[derive(Clone, Copy)]
struct Assertion {
    stepped_up: bool,
    challenged: bool,
}

/// What holds for the user always: consent, Conditional Access, the account itself.
fn conditions(user: &User, session: Assertion, now: i64) -> Result<(), EntraError> {
    let mfa = || EntraError::new(50076).with_suberror("basic_action").with_claims(&challenge());
    match user.condition {
        Condition::NoConsent => Err(EntraError::new(65001).with_suberror("consent_required")),
        Condition::Mfa(error) if !session.stepped_up => Err(mfa().with_error(error)),
        Condition::Cae if session.challenged && !session.stepped_up => {
            let claims = json!({"access_token": {"nbf": {"essential": true, "value": now.to_string()}}});
            Err(EntraError::new(50173)
                .with_suberror("bad_token")
                .with_claims(&claims)
                .with_error("interaction_required"))
        }
        Condition::Blocked => Err(EntraError::new(53003).with_suberror("message_only")),
        Condition::Disabled => Err(EntraError::new(50057)),
        _ => Ok(()),
    }
}

/// The trouble that some users have by their name.
const fn standing(condition: Condition) -> Option<Fault> {
    match condition {
        Condition::Throttled => Some(Fault::Throttled(30)),
        Condition::Unavailable => Some(Fault::Unavailable),
        Condition::Slow => Some(Fault::Slow(2_000)),
        _ => None,
    }
}

/// The claims challenge of the tenant's MFA policy.
fn challenge() -> Value {
    json!({"access_token": {"acrs": {"essential": true, "value": "c1"}}})
}

fn client_info(user: &User) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(json!({"uid": user.oid, "utid": crate::tenant::TENANT_ID}).to_string())
}

fn id_token(request: &Request<'_>, user: &'static User, app: &App) -> String {
    let base = request.base.to_string();
    let now = request.shared.state.clock.now();
    let claims = json!({
        "aud": app.client_id, "iss": format!("{base}/{}/v2.0", crate::tenant::TENANT_ID), "iat": now, "nbf": now,
        "exp": now + LIFETIME, "oid": user.oid, "sub": token::id(), "tid": crate::tenant::TENANT_ID,
        "name": user.display, "preferred_username": user.upn(), "ver": "2.0", "uti": token::id(),
    });
    token::sign(&request.shared.state.keys, claims.as_object().unwrap_or(&serde_json::Map::new()))
}
