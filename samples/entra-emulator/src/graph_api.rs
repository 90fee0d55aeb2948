//! In front of Graph's data: the token check, Graph's error envelope, and switched-on trouble.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    broken, challenge,
    error::Ids,
    fault::{Fault, Place, RetryAfter, delay},
    graph,
    jwt::Jwt,
    shared::{Base, Shared},
    state::State as Tenant,
    tenant::{GRAPH_ID, TENANT_ID},
    token::MET,
    user::{Condition, User},
};

const SCOPE: &str = "ServiceMessage.Read.All";

/// A refusal in Graph's form.
struct GraphRefusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// `WWW-Authenticate` or `Retry-After`.
    header: Option<(header::HeaderName, String)>,
}

impl GraphRefusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), header: None }
    }

    fn token(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
    }

    fn respond(self, ids: &Ids) -> Response {
        let inner = json!({"date": ids.timestamp, "request-id": ids.trace, "client-request-id": ids.correlation});
        let body = json!({"error": {"code": self.code, "message": self.message, "innerError": inner}});
        let mut response = (self.status, Json(body)).into_response();
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

pub(crate) async fn messages(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    shared.state.counting.count(|counters| counters.graph_messages += 1);
    let prefer = headers.get("prefer").and_then(|value| value.to_str().ok());
    answer(&shared, &headers, Some(SCOPE), |_| {
        let page = graph::messages(query.as_deref(), prefer, &base.to_string()).map_err(of_query)?;
        let mut response = Json(page.body).into_response();
        if let Some(value) = page.preference_applied.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert("preference-applied", value);
        }
        Ok(response)
    })
    .await
}

pub(crate) async fn message(
    State(shared): State<Shared>,
    base: Base,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    shared.state.counting.count(|counters| counters.graph_other += 1);
    answer(&shared, &headers, Some(SCOPE), |_| {
        graph::message_by_id(&id, &base.to_string()).map(|body| Json(body).into_response()).map_err(of_query)
    })
    .await
}

pub(crate) async fn me(State(shared): State<Shared>, base: Base, headers: HeaderMap) -> Response {
    shared.state.counting.count(|counters| counters.graph_other += 1);
    answer(&shared, &headers, None, |user| {
        Ok(Json(json!({
            "@odata.context": format!("{base}/v1.0/$metadata#users/$entity"),
            "id": user.oid, "displayName": user.display, "userPrincipalName": user.upn(), "mail": user.upn(),
        }))
        .into_response())
    })
    .await
}

fn of_query(error: graph::GraphError) -> GraphRefusal {
    GraphRefusal::new(error.status(), error.code(), error.message())
}

/// Judges the token, then the trouble that is switched on, then the role; only then the data.
async fn answer(
    shared: &Shared,
    headers: &HeaderMap,
    scope: Option<&str>,
    data: impl FnOnce(&User) -> Result<Response, GraphRefusal>,
) -> Response {
    let ids = Ids::of(shared.state.clock.now(), headers, None);
    let caller = caller(&shared.state, headers, scope);
    if let Ok(caller) = &caller {
        let name = caller.user.name.to_owned();
        shared.state.counting.count(|counters| *counters.graph_by_user.entry(name).or_default() += 1);
    }
    let fault = caller.as_ref().ok().and_then(|caller| trouble(shared, caller));
    delay(fault.as_ref()).await;
    let answer = caller.and_then(|caller| match fault {
        None | Some(Fault::Slow(_)) if scope.is_some() && !caller.user.reader => Err(GraphRefusal::new(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "The user does not have a role that may read the message center.",
        )),
        None | Some(Fault::Slow(_)) => data(caller.user),
        Some(fault) => broken::answer(&fault, r#"{"@odata.context":"x","value":[{"id":"MC1"#)
            .ok_or_else(|| refusal(&fault, shared.state.clock.now())),
    });
    let mut response = answer.unwrap_or_else(|refusal| refusal.respond(&ids));
    ids.write_request_id(response.headers_mut(), "request-id");
    ids.write_client_request_id(response.headers_mut());
    response
}

/// Who calls, by a token that Graph accepted.
struct Caller {
    user: &'static User,
    capable: bool,
    /// The token answers a claims challenge.
    met: bool,
    /// The token is from before the user's sessions were revoked.
    revoked: bool,
}

fn caller(state: &Tenant, headers: &HeaderMap, scope: Option<&str>) -> Result<Caller, GraphRefusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or_else(|| GraphRefusal::token("Access token is empty."))?;
    // Only Graph itself can check these signatures, which cover the hashed nonce.
    let token = Jwt::read(token).filter(|token| token.is_signed_by(&state.keys));
    let token = token.ok_or_else(|| GraphRefusal::token("Access token validation failure."))?;
    let audience = token.text("aud").trim_end_matches('/');
    if !token.has_nonce() || (audience != "https://graph.microsoft.com" && audience != GRAPH_ID) {
        return Err(GraphRefusal::token("Access token validation failure. Invalid audience."));
    }
    let claims = &token.claims;
    if claims["exp"].as_i64().is_none_or(|end| end <= state.clock.now()) {
        return Err(GraphRefusal::token("Lifetime validation failed, the token is expired."));
    }
    if scope.is_some_and(|scope| !token.text("scp").split(' ').any(|held| held == scope)) {
        return Err(GraphRefusal::new(StatusCode::FORBIDDEN, "Forbidden", "The token lacks a required scope."));
    }
    let user = User::find(token.text("oid")).ok_or_else(|| GraphRefusal::token("Access token validation failure."))?;
    Ok(Caller {
        user,
        capable: claims["xms_cc"].as_array().is_some_and(|values| values.iter().any(|one| one == "cp1")),
        met: claims[MET] == true,
        revoked: state.is_revoked(user, claims["iat"].as_i64().unwrap_or_default()),
    })
}

fn trouble(shared: &Shared, caller: &Caller) -> Option<Fault> {
    let switched = shared.state.faults.get(Place::Graph, caller.user.name);
    let challengeable = caller.capable && !caller.met;
    match switched {
        Some(Fault::CaeUntilMet) => challengeable.then_some(Fault::Cae),
        Some(fault) => Some(fault),
        None if challengeable && (caller.revoked || caller.user.condition == Condition::Cae) => Some(Fault::Cae),
        None => None,
    }
}

fn refusal(fault: &Fault, now: i64) -> GraphRefusal {
    let throttled = |when: RetryAfter| GraphRefusal {
        header: Some((header::RETRY_AFTER, when.to_string())),
        ..GraphRefusal::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests.")
    };
    match fault {
        Fault::Throttled(seconds) => throttled(RetryAfter::Seconds(*seconds)),
        Fault::ThrottledUntil(seconds) => throttled(RetryAfter::Date(now + i64::from(*seconds))),
        Fault::BadRequest => GraphRefusal::new(StatusCode::BAD_REQUEST, "BadRequest", "The request is invalid."),
        Fault::Unauthorized => GraphRefusal::token("Access token has expired or is not yet valid."),
        Fault::Forbidden => GraphRefusal::new(StatusCode::FORBIDDEN, "Forbidden", "Insufficient privileges."),
        Fault::Cae => GraphRefusal {
            header: Some((header::WWW_AUTHENTICATE, www_authenticate(now))),
            ..GraphRefusal::token("Continuous access evaluation resulted in a challenge.")
        },
        _ => GraphRefusal::new(StatusCode::SERVICE_UNAVAILABLE, "serviceNotAvailable", "The service is unavailable."),
    }
}

/// The challenge in the form in which Graph sends it: `authorization_uri` is not quoted.
fn www_authenticate(now: i64) -> String {
    format!(
        "Bearer realm=\"\", authorization_uri=https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize, \
         client_id=\"{GRAPH_ID}\", error=\"insufficient_claims\", claims=\"{}\"",
        STANDARD.encode(challenge::continuous(now).to_string())
    )
}
