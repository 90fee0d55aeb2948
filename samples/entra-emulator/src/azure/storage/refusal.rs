//! Storage's refusals: a code in a header and in XML.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::xml::escape;
use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Unauthenticated},
    error::Ids,
    place::Place,
    service::Service,
    tenant::TENANT_ID,
};

/// How Storage speaks.
pub(super) struct Storage;

impl Dialect for Storage {
    const SERVICE: Service = Service::Storage;
    const PLACE: Place = Place::Storage;
    const NAME: &'static str = "storage";
    const ACTION: Action = Action::ListContainers;

    fn deny(_: &Call, _: Option<&Caller>, cause: Cause) -> Denial {
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            // Storage evaluates no sessions while their tokens live.
            Cause::Claims(_) => unauthenticated(Unauthenticated::Expired),
            Cause::Forbidden(..) => forbidden(),
            Cause::BadRequest => Denial::bad_request("InvalidInput", "One of the request inputs is not valid."),
            Cause::Throttled | Cause::Unavailable => {
                let status = if matches!(cause, Cause::Throttled) {
                    StatusCode::TOO_MANY_REQUESTS
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                Denial::new(status, "ServerBusy", "The server is busy; try again later.")
            }
        }
    }

    fn render(_: &Call, denial: &Denial, ids: &Ids) -> Response {
        let body = format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}\nRequestId:{}\nTime:{}\
             </Message></Error>",
            denial.code,
            escape(&denial.message),
            ids.trace,
            ids.timestamp
        );
        let mut response = (denial.status, [(header::CONTENT_TYPE, "application/xml")], body).into_response();
        response.headers_mut().insert("x-ms-error-code", HeaderValue::from_static(denial.code));
        response
    }

    fn stamp(call: &Call, response: &mut Response, ids: &Ids) {
        let headers = response.headers_mut();
        ids.write_request_id(headers, "x-ms-request-id");
        let version = call.headers.get("x-ms-version").cloned();
        headers.insert("x-ms-version", version.unwrap_or_else(|| HeaderValue::from_static("2009-09-19")));
        if let Some(id) = call.headers.get("x-ms-client-request-id") {
            headers.insert(HeaderName::from_static("x-ms-client-request-id"), id.clone());
        }
    }
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let of = |status, code, text: &str| Denial::new(status, code, text);
    let challenge = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize \
         resource_id=https://storage.azure.com"
    );
    match why {
        Unauthenticated::Missing => of(
            StatusCode::UNAUTHORIZED,
            "NoAuthenticationInformation",
            "Server failed to authenticate the request: there is no authentication information.",
        )
        .with_challenge(challenge),
        Unauthenticated::Local => of(
            StatusCode::FORBIDDEN,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        ),
        Unauthenticated::Audience => of(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationInfo",
            "Server failed to authenticate the request: audience validation failed.",
        )
        .with_challenge(challenge),
        Unauthenticated::Issuer => of(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationInfo",
            "Server failed to authenticate the request: issuer validation failed.",
        )
        .with_challenge(challenge),
        Unauthenticated::Expired => of(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationInfo",
            "Server failed to authenticate the request: lifetime validation failed, the token is expired.",
        )
        .with_challenge(challenge),
        Unauthenticated::Malformed | Unauthenticated::Signature | Unauthenticated::Scheme => of(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationInfo",
            "Server failed to authenticate the request: signature validation failed.",
        )
        .with_challenge(challenge),
    }
}

pub(super) fn forbidden() -> Denial {
    let text = "This request is not authorized to perform this operation using this permission.";
    Denial::new(StatusCode::FORBIDDEN, "AuthorizationPermissionMismatch", text)
}

pub(super) fn no_version() -> Denial {
    let text = "An HTTP header that is mandatory for this request is not specified: x-ms-version.";
    Denial::bad_request("MissingRequiredHeader", text)
}

pub(super) fn version() -> Denial {
    Denial::bad_request("InvalidHeaderValue", "The value of the header x-ms-version is not supported.")
}

pub(super) fn out_of_range(parameter: &str) -> Denial {
    let text = format!("The value of the query parameter {parameter} is outside the permissible range.");
    Denial::bad_request("OutOfRangeQueryParameterValue", text)
}

pub(super) fn unsupported() -> Denial {
    let text = "The resource does not support the specified HTTP verb, or is not served by this emulator.";
    Denial::new(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb", text)
}
