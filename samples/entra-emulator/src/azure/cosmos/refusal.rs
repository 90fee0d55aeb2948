//! Cosmos DB's refusals: a code, a message that ends with the request's id, and a substatus in a header.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, TokenForm, Unauthenticated},
    error::Ids,
    fault::RetryAfter,
    place::Place,
    service::Service,
};

/// How Cosmos DB speaks.
pub(super) struct Cosmos;

const SUBSTATUS: HeaderName = HeaderName::from_static("x-ms-substatus");

impl Dialect for Cosmos {
    const SERVICE: Service = Service::Cosmos;
    const PLACE: Place = Place::Cosmos;
    const NAME: &'static str = "cosmos";
    const ACTION: Action = Action::QueryCosmos;
    const FORM: TokenForm = TokenForm::Cosmos;

    fn deny(call: &Call, caller: Option<&Caller>, cause: Cause) -> Denial {
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            Cause::Claims(_) => unauthenticated(Unauthenticated::Expired),
            Cause::Forbidden(action, _) => match (caller, call.resource()) {
                (Some(caller), Ok(account)) => forbidden(account.name, caller, action, &call.path),
                _ => of(StatusCode::FORBIDDEN, "Forbidden", "The request is blocked."),
            },
            Cause::Throttled => of(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "The request rate is too large.")
                .with_header(SUBSTATUS, "3200"),
            Cause::BadRequest => bad("The request payload is invalid."),
            Cause::Unavailable => {
                of(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service is unavailable.")
            }
        }
    }

    fn come_again(when: RetryAfter, now: i64) -> Option<(HeaderName, String)> {
        let seconds = match when {
            RetryAfter::Seconds(seconds) => i64::from(seconds),
            RetryAfter::Date(time) => (time - now).max(0),
        };
        Some((HeaderName::from_static("x-ms-retry-after-ms"), (seconds * 1_000).to_string()))
    }

    fn render(_: &Call, denial: &Denial, ids: &Ids) -> Response {
        let message =
            format!("{}\r\nActivityId: {}, Microsoft.Azure.Documents.Common/2.14.0", denial.message, ids.trace);
        (denial.status, Json(json!({"code": denial.code, "message": message}))).into_response()
    }

    fn stamp(_: &Call, response: &mut Response, ids: &Ids) {
        let headers = response.headers_mut();
        ids.write_request_id(headers, "x-ms-activity-id");
        ids.write_request_id(headers, "x-ms-request-id");
        headers.insert("x-ms-gatewayversion", HeaderValue::from_static("2.0.0"));
    }
}

fn of(status: StatusCode, code: &'static str, message: impl Into<String>) -> Denial {
    Denial::new(status, code, message)
}

fn bad(message: impl Into<String>) -> Denial {
    Denial::bad_request("BadRequest", message)
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let refused = |text: &str| of(StatusCode::UNAUTHORIZED, "Unauthorized", text);
    match why {
        Unauthenticated::Missing => {
            refused("Required Header authorization is missing. Ensure a valid authorization token is passed.")
        }
        Unauthenticated::Local => {
            refused("Local Authorization is disabled. Use an AAD token to authorize all requests.")
                .with_header(SUBSTATUS, "5202")
        }
        Unauthenticated::Scheme => {
            refused("The authorization header is not in the required form: type, ver and sig, percent-encoded.")
        }
        Unauthenticated::Malformed | Unauthenticated::Signature => refused("The AAD token's signature is not valid."),
        Unauthenticated::Issuer => {
            refused("The AAD token's issuer is not the tenant of the database account.").with_header(SUBSTATUS, "5000")
        }
        Unauthenticated::Audience => refused("The AAD token's audience is not this database account."),
        Unauthenticated::Expired => refused("The AAD token has expired.").with_header(SUBSTATUS, "5008"),
    }
}

/// Names the principal, the missing action and the resource: from this a tool says which role to assign.
pub(super) fn forbidden(account: &str, caller: &Caller, action: Action, resource: &str) -> Denial {
    let (principal, name) = (&caller.object_id, action.name());
    let text = format!(
        "Request blocked by Auth {account} : Request is blocked because principal [{principal}] does not have required \
         RBAC permissions to perform action [{name}] on resource [{resource}]. Learn more: \
         https://aka.ms/cosmos-native-rbac."
    );
    let substatus = if action == Action::ReadCosmosMetadata { "5301" } else { "5302" };
    of(StatusCode::FORBIDDEN, "Forbidden", text).with_header(SUBSTATUS, substatus)
}

/// What the data plane does for nobody who comes with a token.
pub(super) fn not_by_token(call: &Call) -> Denial {
    let account = call.resource().map_or("", |account| account.name);
    let text = format!(
        "Request blocked by Auth {account} : The given request [{} {}] cannot be authorized by AAD token in data plane. \
         Learn more: https://aka.ms/cosmos-native-rbac.",
        call.method, call.path
    );
    of(StatusCode::FORBIDDEN, "Forbidden", text).with_header(SUBSTATUS, "5300")
}

pub(super) fn not_served(call: &Call) -> Denial {
    let text = format!("{} of items is not served by this emulator; queries are.", call.method);
    of(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text)
}

pub(super) fn not_found() -> Denial {
    Denial::not_found("NotFound", "Message: {\"Errors\":[\"Resource Not Found.\"]}").with_header(SUBSTATUS, "1003")
}

pub(super) fn header(name: &str) -> Denial {
    bad(format!("The header {name} is missing, or its value is invalid."))
}

pub(super) fn continuation() -> Denial {
    bad("The continuation token is malformed.")
}

pub(super) fn partition_key() -> Denial {
    bad("The partition key is not a JSON array with one value.")
}

pub(super) fn range_gone() -> Denial {
    of(StatusCode::GONE, "Gone", "The partition key range is not there.").with_header(SUBSTATUS, "1002")
}

pub(super) fn partition_needed() -> Denial {
    bad(
        "Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, \
         specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception.",
    )
}

/// The gateway puts no parts of a query together.
pub(super) fn across() -> Denial {
    bad("The provided cross partition query can not be directly served by the gateway.").with_header(SUBSTATUS, "1004")
}

pub(super) fn syntax(message: &str, at: usize) -> Denial {
    let errors = json!({"errors": [{
        "severity": "Error", "location": {"start": at, "end": at + 1}, "code": "SC1001",
        "message": format!("Syntax error, {message}."),
    }]});
    bad(format!("Message: {errors}"))
}
