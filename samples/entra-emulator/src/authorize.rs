//! `/authorize`: signs a named test user in without asking, and refuses what Entra refuses.
//!
//! Until client and redirect URI are known to be good, a refusal is a page; afterwards it goes to the client.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use url::Url;

use crate::{
    challenge::{Evaluation, declares_cp1},
    discovery::Tenant,
    error::{EntraError, Ids},
    form::Form,
    redirect,
    scope::Asked,
    shared::Shared,
    state::{Code, Session},
    tenant::{App, Platform, Redirect},
    user::User,
};

/// Entra's tolerance for `state`, measured by others at about 1.8 KB.
const MAX_STATE: usize = 1_800;

/// A request whose client and redirect URI are good.
struct Known<'a> {
    app: &'a App,
    redirect: &'a Redirect,
    target: Url,
}

pub(crate) async fn authorize(
    State(shared): State<Shared>,
    Path(tenant): Path<String>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    shared.state.counting.count(|counters| counters.authorize += 1);
    let text = if method == Method::POST { body } else { Bytes::from(query.unwrap_or_default()) };
    let ids = Ids::of(shared.state.clock.now(), &headers, None);
    let form = match Form::read(&text) {
        Ok(form) => form,
        Err(error) => return page(&error, &ids),
    };
    if method == Method::GET && form.get("state").is_some_and(|state| state.len() > MAX_STATE) {
        return page(&EntraError::new(90015), &ids);
    }
    let known = match known(&shared, &tenant, &form) {
        Ok(known) => known,
        Err(error) => return page(&error, &ids),
    };
    let mut answer = match sign_in(&shared, &form, &known) {
        // The person would not get past the sign-in page.
        Err(error) if error.code == 50034 => return page(&error, &ids),
        Ok(code) => vec![("code", code), ("session_state", ids.trace.clone())],
        Err(error) => vec![("error", error.error().to_owned()), ("error_description", error.description(&ids))],
    };
    if let Some(state) = form.get("state") {
        answer.push(("state", state.to_owned()));
    }
    send(&form, known.target, &answer)
}

fn known<'a>(shared: &'a Shared, tenant: &str, form: &Form) -> Result<Known<'a>, EntraError> {
    if Tenant::read(tenant).is_none_or(|tenant| tenant == Tenant::Consumers) {
        return Err(EntraError::new(90002));
    }
    let app = shared.state.app(form.need("client_id")?).ok_or_else(|| EntraError::new(700_016))?;
    let asked = form.need("redirect_uri")?;
    let redirect = redirect::registered(app, asked).ok_or_else(|| EntraError::new(50011))?;
    let target = redirect::target(asked).ok_or_else(|| EntraError::new(50011))?;
    Ok(Known { app, redirect, target })
}

fn sign_in(shared: &Shared, form: &Form, known: &Known<'_>) -> Result<String, EntraError> {
    if form.need("response_type")? != "code" {
        return Err(EntraError::new(70005));
    }
    if !matches!(form.get("response_mode"), None | Some("query" | "fragment" | "form_post")) {
        return Err(EntraError::new(70007));
    }
    let scope = form.need("scope")?;
    let asked = Asked::read(&shared.state.apps, scope, 28000)?;
    asked.check_resource(&shared.state.apps, form.get("resource"))?;
    asked.check_permission(known.app)?;
    match form.get("prompt") {
        None | Some("login" | "select_account" | "none") => {}
        // The test users are no administrators.
        Some("consent" | "admin_consent") => return Err(EntraError::new(90094)),
        Some(_) => return Err(EntraError::new(90023)),
    }
    let challenge = challenge(form, known.redirect.platform)?;
    let user = User::find(form.get("login_hint").unwrap_or("alice"));
    let user = user.ok_or_else(|| EntraError::new(if form.get("prompt") == Some("none") { 50058 } else { 50034 }))?;
    let claims = form.get("claims");
    let challenged = Evaluation::of(claims);
    let session = Session {
        user,
        client_id: known.app.client_id.clone(),
        platform: known.redirect.platform,
        scope: scope.to_owned(),
        // At a sign-in for a service of Microsoft's MFA is asked for, and done; at one for another app when challenged.
        met: Evaluation { mfa: challenged.mfa || asked.is_for_microsoft(), ..challenged },
        capable: declares_cp1(claims),
        signed_in: shared.state.clock.now(),
        nonce: form.get("nonce").map(str::to_owned),
    };
    Ok(shared.state.remember_code(Code {
        redirect_uri: form.need("redirect_uri")?.to_owned(),
        challenge,
        issued: session.signed_in,
        session,
        redeemed: false,
    }))
}

/// Reads the PKCE challenge (RFC 7636 section 4.3); a single-page application must send one.
///
/// Entra takes `plain` too. Refusing it here shows a client that forgot to name S256.
fn challenge(form: &Form, platform: Platform) -> Result<Option<String>, EntraError> {
    match (form.get("code_challenge"), form.get("code_challenge_method")) {
        (None, _) if platform == Platform::Spa => Err(EntraError::new(9_002_325)),
        (None, _) => Ok(None),
        (Some(challenge), Some("S256")) if (43..=128).contains(&challenge.len()) => Ok(Some(challenge.to_owned())),
        (Some(_), _) => Err(EntraError::new(501_491)),
    }
}

fn send(form: &Form, mut target: Url, answer: &[(&str, String)]) -> Response {
    match form.get("response_mode") {
        Some("form_post") => {
            let fields: String = answer
                .iter()
                .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
                .collect();
            let action = escape(target.as_str());
            Html(format!("<form method=\"post\" action=\"{action}\">{fields}<button>Continue</button></form>"))
                .into_response()
        }
        Some("fragment") => {
            let fragment = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
            target.set_fragment(Some(&fragment));
            found(&target)
        }
        _ => {
            target.query_pairs_mut().extend_pairs(answer);
            found(&target)
        }
    }
}

fn found(target: &Url) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(value) = HeaderValue::try_from(target.as_str()) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    response
}

/// Shows a refusal to the person at the browser; it goes nowhere.
fn page(error: &EntraError, ids: &Ids) -> Response {
    let body = format!(
        "<!doctype html><title>Sign in</title><h1>We can't sign you in</h1><p>{}</p>",
        escape(&error.description(ids))
    );
    (error.status(), [(header::CACHE_CONTROL, "no-store, no-cache")], Html(body)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
