//! The grants behind a user's sign-in: authorization code and refresh token.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{
    Failure, Request,
    answer::{self, Refreshable},
    apply, client_auth,
};
use crate::{
    challenge::declares_cp1,
    error::EntraError,
    place::Place,
    policy,
    scope::Asked,
    state::{Code, Session},
    tenant::{Platform, Resource},
    user::Condition,
};

const CODE_LIFETIME: i64 = 600;
const DAY: i64 = 24 * 3600;
/// How long a refresh token lives unused; one of a single-page application lives a day from the sign-in.
const REFRESH_LIFETIME: i64 = 90 * DAY;

/// Redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
///
/// The client is authenticated before the code is looked at.
pub(super) async fn code(request: &Request<'_>) -> Result<Value, Failure> {
    let (state, form) = (&request.shared.state, request.form);
    let client = client_auth::authenticate(request).await?;
    let name = form.need("code")?;
    let code = state.code(name).ok_or_else(|| EntraError::new(70000))?;
    client.check_platform(request, code.session.platform)?;
    check_code(request, &code, &client.app.client_id)?;
    let scope = form.get("scope").ok_or_else(|| EntraError::new(28003))?;
    let asked = resolved(request, scope, &code.session)?;
    asked.check_permission(client.app)?;
    let session = usable(request, code.session, &asked)?;
    apply(request, Place::SignIn, session.user.name).await?;
    if !state.redeem(name) {
        return Err(EntraError::new(54005).into());
    }
    let lifetime = answer::lifetime(request, Place::SignIn, session.user.name);
    Ok(answer::of_session(request, client, session, &asked, Refreshable::IfAsked, lifetime))
}

fn check_code(request: &Request<'_>, code: &Code, client_id: &str) -> Result<(), EntraError> {
    if code.session.client_id != client_id {
        return Err(EntraError::new(70000));
    }
    if request.form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(EntraError::new(500_112));
    }
    if code.redeemed {
        return Err(EntraError::new(54005));
    }
    if request.shared.state.clock.now() >= code.issued + CODE_LIFETIME {
        return Err(EntraError::new(70008));
    }
    // A verifier without a challenge is refused too: somebody took the challenge out on the way.
    let hashed = request.form.get("code_verifier").map(|text| URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())));
    if hashed == code.challenge { Ok(()) } else { Err(EntraError::new(501_481)) }
}

/// Uses a refresh token (RFC 6749 section 6); it is good for any resource, and stays good.
pub(super) async fn refresh(request: &Request<'_>) -> Result<Value, Failure> {
    let (state, form) = (&request.shared.state, request.form);
    let client = client_auth::authenticate(request).await?;
    let (session, age) = state.session(form.need("refresh_token")?).ok_or_else(|| EntraError::new(70000))?;
    client.check_platform(request, session.platform)?;
    if session.client_id != client.app.client_id {
        return Err(EntraError::new(70000).into());
    }
    if session.platform == Platform::Spa && state.clock.now() >= session.signed_in + DAY {
        return Err(EntraError::new(700_084).into());
    }
    if age >= REFRESH_LIFETIME {
        return Err(EntraError::new(700_082).into());
    }
    let asked = resolved(request, form.get("scope").unwrap_or_default(), &session)?;
    asked.check_permission(client.app)?;
    // One app that is client and API: Entra takes the resource by its GUID only, now or at the sign-in.
    if matches!(&asked.resource, Some((Resource::App(api), named))
        if api.client_id == session.client_id && *named != session.client_id)
    {
        return Err(EntraError::new(90009).into());
    }
    let session = usable(request, session, &asked)?;
    apply(request, Place::SignIn, session.user.name).await?;
    let lifetime = answer::lifetime(request, Place::SignIn, session.user.name);
    Ok(answer::of_session(request, client, session, &asked, Refreshable::Already, lifetime))
}

/// Resolves the scopes; where they name no resource it is the one of the sign-in, else Graph's profile.
fn resolved<'a>(request: &'a Request<'_>, scope: &str, session: &Session) -> Result<Asked<'a>, EntraError> {
    let apps = &request.shared.state.apps;
    let mut asked = Asked::read(apps, scope, 28000)?;
    asked.check_resource(apps, request.form.get("resource"))?;
    if asked.resource.is_none() {
        let before = Asked::read(apps, &session.scope, 28000)?;
        let before = if before.resource.is_some() { before } else { Asked::profile() };
        asked = Asked { oidc: asked.oidc, ..before };
    }
    Ok(asked)
}

/// Checks that the session still stands, and lets it have the resource.
fn usable(request: &Request<'_>, session: Session, asked: &Asked<'_>) -> Result<Session, EntraError> {
    let (state, claims) = (&request.shared.state, request.form.get("claims"));
    if session.user.condition == Condition::Disabled {
        return Err(EntraError::new(50057));
    }
    if state.is_revoked(session.user, session.signed_in) {
        return Err(EntraError::new(50173));
    }
    if asked.is_for_graph() {
        policy::judge(session.user, session.met, claims, state.clock.now())?;
    }
    Ok(Session { capable: session.capable || declares_cp1(claims), ..session })
}
