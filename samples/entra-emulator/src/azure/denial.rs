//! What all services do with a request before they look at it, and how each says no in its own form.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Action, Call, Caller, TokenForm, Unauthenticated};
use crate::{
    broken, challenge,
    error::Ids,
    fault::{Fault, RetryAfter},
    place::Place,
    service::Service,
};

/// Why a service says no, before it says it in its own words.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    Unauthenticated(Unauthenticated),
    /// Continuous access evaluation, with its challenge in base64.
    Claims(String),
    /// The caller lacks a role for this, at this scope.
    Forbidden(Action, String),
    Throttled,
    BadRequest,
    Unavailable,
}

/// A refusal in a service's words.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// A more exact code, where the service has one.
    pub(crate) inner: Option<&'static str>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Denial {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), inner: None, headers: Vec::new() }
    }

    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) const fn with_inner(mut self, code: &'static str) -> Self {
        self.inner = Some(code);
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_challenge(self, value: impl Into<String>) -> Self {
        self.with_header(header::WWW_AUTHENTICATE, value)
    }
}

/// How one service speaks.
pub(crate) trait Dialect {
    /// Which audience its tokens have.
    const SERVICE: Service;
    /// Where its trouble is switched on.
    const PLACE: Place;
    /// By which name its callers are counted.
    const NAME: &'static str;
    /// What its callers mostly want to do.
    const ACTION: Action;
    /// Which scope an app needs that calls for a user.
    const SCOPE: &'static str = "user_impersonation";
    /// In which form it wants the token.
    const FORM: TokenForm = TokenForm::Bearer;
    /// Whether it evaluates sessions while their tokens live.
    const EVALUATES: bool = false;

    /// Says no.
    fn deny(call: &Call, caller: Option<&Caller>, cause: Cause) -> Denial;

    /// Writes a refusal, in the form that most services have.
    fn render(_: &Call, denial: &Denial, _: &Ids) -> Response {
        (denial.status, Json(json!({"error": {"code": denial.code, "message": denial.message}}))).into_response()
    }

    /// Says when to come again, in so many seconds or at a time.
    fn come_again(when: RetryAfter, _now: i64) -> Option<(HeaderName, String)> {
        Some((header::RETRY_AFTER, when.to_string()))
    }

    /// Writes the ids of a request, and what else the service puts into every answer.
    fn stamp(call: &Call, response: &mut Response, ids: &Ids);
}

/// Checks the caller and the trouble that is switched on; then `handle` looks at the request.
pub(crate) async fn answer<D: Dialect>(
    call: &Call,
    handle: impl FnOnce(&Caller) -> Result<Response, Denial>,
) -> Response {
    let ids = Ids::of(call.now(), &call.headers, call.header("x-ms-client-request-id"));
    let answer = match enter::<D>(call).await {
        Ok(caller) => handle(&caller),
        Err(Stopped::Denied(denial)) => Err(denial),
        Err(Stopped::Broken(response)) => Ok(*response),
    };
    let mut response = answer.unwrap_or_else(|denial| {
        let mut response = D::render(call, &denial, &ids);
        for (name, value) in denial.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    });
    D::stamp(call, &mut response, &ids);
    response
}

/// Why a request ends before its service looks at it.
enum Stopped {
    Denied(Denial),
    Broken(Box<Response>),
}

async fn enter<D: Dialect>(call: &Call) -> Result<Caller, Stopped> {
    let state = &call.shared.state;
    let found = Caller::of(state, &call.headers, &call.query, (D::SERVICE, D::FORM));
    state.counting.count(|counters| match &found {
        Ok(caller) => {
            let by_caller = counters.azure.entry(D::NAME.to_owned()).or_default();
            *by_caller.entry(caller.name.clone()).or_default() += 1;
        }
        Err(Unauthenticated::Local) => *counters.azure_local.entry(D::NAME.to_owned()).or_default() += 1,
        Err(_) => *counters.azure_unauthenticated.entry(D::NAME.to_owned()).or_default() += 1,
    });
    let deny = |caller: Option<&Caller>, cause| Stopped::Denied(D::deny(call, caller, cause));
    let caller = found.map_err(|why| deny(None, Cause::Unauthenticated(why)))?;
    if !caller.has_scope(D::SCOPE) {
        return Err(deny(Some(&caller), Cause::Forbidden(D::ACTION, call.path.clone())));
    }
    let switched = state.faults.meet(D::PLACE, &caller.name).await;
    let challenged = match switched {
        Some(Fault::CaeUntilMet) | None => {
            let asks = switched.is_some() || (D::EVALUATES && caller.is_to_be_evaluated());
            asks && caller.is_challengeable()
        }
        Some(Fault::Cae) => true,
        Some(_) => false,
    };
    if challenged {
        return Err(deny(Some(&caller), Cause::Claims(challenge::continuous_base64(call.now()))));
    }
    match switched {
        None | Some(Fault::CaeUntilMet | Fault::Cae) => Ok(caller),
        Some(fault) => Err(trouble::<D>(call, &caller, &fault)),
    }
}

fn trouble<D: Dialect>(call: &Call, caller: &Caller, fault: &Fault) -> Stopped {
    if let Some(response) = broken::answer(fault, r#"{"value":[{"id":"/subscr"#) {
        return Stopped::Broken(Box::new(response));
    }
    let deny = |cause| D::deny(call, Some(caller), cause);
    let throttled = |when: RetryAfter| match D::come_again(when, call.now()) {
        Some((name, value)) => deny(Cause::Throttled).with_header(name, value),
        None => deny(Cause::Throttled),
    };
    Stopped::Denied(match fault {
        Fault::Throttled(seconds) => throttled(RetryAfter::Seconds(*seconds)),
        Fault::ThrottledUntil(seconds) => throttled(RetryAfter::Date(call.now() + i64::from(*seconds))),
        Fault::BadRequest => deny(Cause::BadRequest),
        Fault::Unauthorized => deny(Cause::Unauthenticated(Unauthenticated::Expired)),
        Fault::Forbidden => deny(Cause::Forbidden(D::ACTION, call.path.clone())),
        _ => deny(Cause::Unavailable),
    })
}
