//! App Configuration's refusals: problem details (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Unauthenticated},
    error::Ids,
    place::Place,
    service::Service,
};

/// How App Configuration speaks.
pub(super) struct AppConfiguration;

impl Dialect for AppConfiguration {
    const SERVICE: Service = Service::AppConfiguration;
    const PLACE: Place = Place::AppConfiguration;
    const NAME: &'static str = "app_configuration";
    const ACTION: Action = Action::ReadKeyValues;
    const SCOPE: &'static str = "KeyValue.Read";

    fn deny(_: &Call, _: Option<&Caller>, cause: Cause) -> Denial {
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            // The service evaluates no sessions while their tokens live.
            Cause::Claims(_) => unauthenticated(Unauthenticated::Expired),
            Cause::Forbidden(..) => forbidden(),
            Cause::Throttled => {
                let text = "The store's quota of requests is used up.";
                Denial::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", text)
            }
            Cause::BadRequest => argument("key", "it is malformed"),
            Cause::Unavailable => {
                Denial::new(StatusCode::SERVICE_UNAVAILABLE, "service-unavailable", "The service is unavailable.")
            }
        }
    }

    fn render(_: &Call, denial: &Denial, _: &Ids) -> Response {
        let mut body = json!({
            "type": format!("https://azconfig.io/errors/{}", denial.code), "title": denial.message,
            "status": denial.status.as_u16(),
        });
        if let Some(inner) = denial.inner {
            body["detail"] = json!(inner);
        }
        let content_type = [(header::CONTENT_TYPE, "application/problem+json; charset=utf-8")];
        (denial.status, content_type, body.to_string()).into_response()
    }

    fn stamp(call: &Call, response: &mut Response, ids: &Ids) {
        let headers = response.headers_mut();
        ids.write_request_id(headers, "x-ms-request-id");
        ids.write_request_id(headers, "x-ms-correlation-request-id");
        if let Some(id) = call.headers.get("x-ms-client-request-id") {
            headers.insert("x-ms-client-request-id", id.clone());
        }
        if response.status().is_success() {
            let token = HeaderValue::from_static("zAJw6V16=MDotMSMxMDAwMDA=;sn=100000");
            response.headers_mut().insert("sync-token", token);
        }
    }
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let text = match why {
        Unauthenticated::Missing => {
            return Denial::new(StatusCode::UNAUTHORIZED, "unauthorized", "No credentials were presented.")
                .with_challenge("Bearer");
        }
        Unauthenticated::Local | Unauthenticated::Scheme => "Access keys are disabled for this store",
        Unauthenticated::Malformed | Unauthenticated::Signature => "Authorization token failed validation",
        Unauthenticated::Issuer => "The issuer of the authorization token is not the store's tenant",
        Unauthenticated::Audience => "The audience of the authorization token is not the store's",
        Unauthenticated::Expired => "The access token has expired",
    };
    Denial::new(StatusCode::UNAUTHORIZED, "unauthorized", text)
        .with_challenge(format!(r#"Bearer error="invalid_token", error_description="{text}""#))
}

pub(super) fn forbidden() -> Denial {
    let text = "The principal does not have the permissions that the operation needs.";
    Denial::new(StatusCode::FORBIDDEN, "forbidden", text)
}

pub(super) fn argument(name: &str, why: &str) -> Denial {
    Denial::bad_request("invalid-argument", format!("Invalid request parameter '{name}': {why}"))
}

pub(super) fn not_found() -> Denial {
    Denial::not_found("not-found", "There is no such key-value.")
}

pub(super) fn method() -> Denial {
    let text = "Only reading is served by this emulator.";
    Denial::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", text)
}
