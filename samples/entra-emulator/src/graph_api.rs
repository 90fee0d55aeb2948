//! In front of Graph's data: the token check, Graph's error envelope, and switched-on trouble.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    broken, challenge,
    error::Ids,
    fault::{Fault, RetryAfter},
    graph,
    jwt::Jwt,
    pages::Asked,
    place::Place,
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
        let asked = Asked { query, prefer: prefer.map(str::to_owned), base: base.to_string() };
        shared.state.pages.get(asked).map_err(of_query)
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
    answer(&shared, &headers, None, |who| {
        let Who::User(user) = who else {
            let text = "/me request is only valid with delegated authentication flow.";
            return Err(GraphRefusal::new(StatusCode::BAD_REQUEST, "BadRequest", text));
        };
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
    data: impl FnOnce(Who) -> Result<Response, GraphRefusal>,
) -> Response {
    let ids = Ids::of(shared.state.clock.now(), headers, None);
    let caller = caller(&shared.state, headers, scope);
    if let Ok(caller) = &caller {
        count(shared, &caller.who);
    }
    let fault = match &caller {
        Ok(caller) => trouble(shared, caller).await,
        Err(_) => None,
    };
    let answer = caller.and_then(|caller| match fault {
        None if scope.is_some() && !caller.who.may_read() => Err(GraphRefusal::new(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "The user does not have a role that may read the message center.",
        )),
        None => data(caller.who),
        Some(fault) => broken::answer(&fault, r#"{"@odata.context":"x","value":[{"id":"MC1"#)
            .ok_or_else(|| refusal(&fault, shared.state.clock.now())),
    });
    let mut response = answer.unwrap_or_else(|refusal| refusal.respond(&ids));
    ids.write_request_id(response.headers_mut(), "request-id");
    ids.write_client_request_id(response.headers_mut());
    response
}

/// For whom a token speaks.
enum Who {
    User(&'static User),
    /// An app by itself, by its client id. What it may do was in the token's roles.
    App(String),
}

impl Who {
    fn name(&self) -> &str {
        match self {
            Self::User(user) => user.name,
            Self::App(client) => client,
        }
    }

    fn may_read(&self) -> bool {
        match self {
            Self::User(user) => user.reader,
            Self::App(_) => true,
        }
    }
}

fn count(shared: &Shared, who: &Who) {
    shared.state.counting.count(|counters| {
        let by_name = match who {
            Who::User(_) => &mut counters.graph_by_user,
            Who::App(_) => &mut counters.graph_by_app,
        };
        *by_name.entry(who.name().to_owned()).or_default() += 1;
    });
}

/// Who calls, by a token that Graph accepted.
struct Caller {
    who: Who,
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
    let who = who(&token)?;
    let permitted = |scope: &str| match &who {
        Who::User(_) => token.text("scp").split(' ').any(|held| held == scope),
        Who::App(_) => claims["roles"].as_array().is_some_and(|roles| roles.iter().any(|held| held == scope)),
    };
    if scope.is_some_and(|scope| !permitted(scope)) {
        return Err(GraphRefusal::new(StatusCode::FORBIDDEN, "Forbidden", "The token lacks a required permission."));
    }
    let revoked = match &who {
        Who::User(user) => state.is_revoked(user, claims["iat"].as_i64().unwrap_or_default()),
        Who::App(_) => false,
    };
    Ok(Caller {
        who,
        capable: claims["xms_cc"].as_array().is_some_and(|values| values.iter().any(|one| one == "cp1")),
        met: claims[MET] == true,
        revoked,
    })
}

/// An app's token says so itself; a user's has scopes.
fn who(token: &Jwt<'_>) -> Result<Who, GraphRefusal> {
    if token.text("idtyp") == "app" {
        return Ok(Who::App(token.text("appid").to_owned()));
    }
    let user = User::find(token.text("oid"));
    user.map(Who::User).ok_or_else(|| GraphRefusal::token("Access token validation failure."))
}

async fn trouble(shared: &Shared, caller: &Caller) -> Option<Fault> {
    let switched = shared.state.faults.meet(Place::Graph, caller.who.name()).await;
    let challengeable = caller.capable && !caller.met;
    let standing = matches!(&caller.who, Who::User(user) if user.condition == Condition::Cae);
    match switched {
        Some(Fault::CaeUntilMet) => challengeable.then_some(Fault::Cae),
        Some(fault) => Some(fault),
        None if challengeable && (caller.revoked || standing) => Some(Fault::Cae),
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
        challenge::continuous_base64(now)
    )
}
