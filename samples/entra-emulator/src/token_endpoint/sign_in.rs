//! The grants behind a user's sign-in: authorization code and refresh token.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    Request,
    client_auth::{self, Client},
};
use crate::{
    error::EntraError,
    scope::Asked,
    state::Session,
    tenant::Resource,
    token::{self, GraphOrder, LIFETIME, Order, Subject},
};

const CODE_LIFETIME: i64 = 600;

/// Redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
///
/// The client is authenticated before the code is consumed.
pub(super) fn code(request: &Request<'_>) -> Result<Value, EntraError> {
    let (state, form) = (&request.shared.state, request.form);
    let name = form.need("code")?;
    let code = state.code(name).ok_or_else(|| EntraError::new(70000))?;
    let client = client_auth::by_platform(request, code.session.platform)?;
    if code.session.client_id != client.app.client_id || form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(EntraError::new(70000));
    }
    if state.clock.now() >= code.issued + CODE_LIFETIME {
        return Err(EntraError::new(70008));
    }
    if let Some(challenge) = &code.challenge {
        let verifier = form.get("code_verifier").unwrap_or_default();
        if URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) != *challenge {
            return Err(EntraError::new(501_481));
        }
    }
    let scope = form.get("scope").ok_or_else(|| EntraError::new(28003))?;
    let asked = Asked::read(&state.apps, scope, 28000)?;
    check_resource(request, &asked)?;
    if !state.redeem(name) {
        return Err(EntraError::new(54005));
    }
    answer(request, client, code.session, &asked)
}

/// Uses a refresh token (RFC 6749 section 6); it is good for any resource, and stays good.
pub(super) fn refresh(request: &Request<'_>) -> Result<Value, EntraError> {
    let (state, form) = (&request.shared.state, request.form);
    let session = state.session(form.need("refresh_token")?).ok_or_else(|| EntraError::new(70000))?;
    let client = client_auth::by_platform(request, session.platform)?;
    if session.client_id != client.app.client_id {
        return Err(EntraError::new(70000));
    }
    if state.is_revoked(session.user) {
        return Err(EntraError::new(50173));
    }
    let scope = form.get("scope").unwrap_or_default();
    let asked = Asked::read(&state.apps, scope, 28000)?;
    let asked = match &asked.resource {
        Some(_) => asked,
        None => {
            let before = Asked::read(&state.apps, &session.scope, 28000)?;
            // One app that is client and API: Entra wants the resource by its GUID, in the request itself.
            if matches!(&before.resource, Some((Resource::App(api), _)) if api.client_id == session.client_id) {
                return Err(EntraError::new(90009));
            }
            before
        }
    };
    check_resource(request, &asked)?;
    answer(request, client, session, &asked)
}

fn check_resource(request: &Request<'_>, asked: &Asked<'_>) -> Result<(), EntraError> {
    let Some(named) = request.form.get("resource") else { return Ok(()) };
    let found = crate::tenant::resource(&request.shared.state.apps, named);
    let scoped = asked.resource.as_ref().map(|(resource, _)| *resource);
    if found.is_some() && found == scoped { Ok(()) } else { Err(EntraError::new(9_010_010)) }
}

fn answer(request: &Request<'_>, client: Client<'_>, session: Session, asked: &Asked<'_>) -> Result<Value, EntraError> {
    let state = &request.shared.state;
    let (resource, spelling) = asked.resource.as_ref().ok_or_else(|| EntraError::new(28003))?;
    let now = state.clock.now();
    let granted = asked.granted();
    let base = request.base.to_string();
    let access_token = match resource {
        Resource::Graph => token::sign_for_graph(
            &state.keys,
            &GraphOrder {
                user: session.user,
                scopes: &granted,
                client: &client.app.client_id,
                capable: session.capable,
                evaluated: session.stepped_up,
                now,
            },
        ),
        Resource::App(api) => {
            let version = api.token_version.unwrap_or(1);
            let order = Order {
                resource: api,
                audience: if version == 2 { api.client_id.clone() } else { spelling.clone() },
                client: &client.app.client_id,
                confidential: client.how,
                subject: Subject::User { user: session.user, scopes: granted.clone() },
                version,
                base: &base,
                now,
                client_capable: session.capable,
            };
            let claims = order.claims();
            if session.stepped_up {
                state.mark_stepped_up(claims["uti"].as_str().unwrap_or_default());
            }
            token::sign(&state.keys, &claims)
        }
    };
    let scope = granted.split(' ').map(|name| format!("{spelling}/{name}")).collect::<Vec<_>>().join(" ");
    let mut answer = json!({
        "token_type": "Bearer", "scope": scope, "expires_in": LIFETIME, "ext_expires_in": LIFETIME,
        "access_token": access_token,
    });
    if asked.wants_refresh() || request.form.get("refresh_token").is_some() {
        answer["refresh_token"] = json!(state.remember_session(session));
    }
    Ok(answer)
}
