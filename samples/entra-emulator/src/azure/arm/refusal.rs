//! Resource Manager's refusals.

use axum::{
    http::{HeaderValue, StatusCode},
    response::Response,
};

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Kind, Unauthenticated},
    error::Ids,
    place::Place,
    service::Service,
    tenant::{TENANT_DOMAIN, TENANT_ID},
};

/// How Resource Manager speaks.
pub(super) struct Arm;

impl Dialect for Arm {
    const SERVICE: Service = Service::Management;
    const PLACE: Place = Place::Management;
    const NAME: &'static str = "management";
    const ACTION: Action = Action::ReadSubscription;
    const EVALUATES: bool = true;

    fn deny(_: &Call, caller: Option<&Caller>, cause: Cause) -> Denial {
        let of = Denial::new;
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            Cause::Claims(claims) => {
                let uri = format!("https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize");
                let challenge = format!(
                    r#"Bearer realm="", authorization_uri="{uri}", error="insufficient_claims", claims="{claims}""#
                );
                let text = "Continuous access evaluation asks for a new token.";
                of(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", text).with_challenge(challenge)
            }
            Cause::Forbidden(action, scope) => match caller {
                Some(caller) => forbidden(caller, action, &scope),
                None => of(StatusCode::FORBIDDEN, "AuthorizationFailed", "The request is not authorized."),
            },
            Cause::Throttled => {
                let text = "The limit of requests of this principal in this period is reached.";
                of(StatusCode::TOO_MANY_REQUESTS, "SubscriptionRequestsThrottled", text)
            }
            Cause::BadRequest => Denial::bad_request("InvalidRequestContent", "The request's content is invalid."),
            Cause::Unavailable => {
                of(StatusCode::SERVICE_UNAVAILABLE, "ServerTimeout", "The request timed out; try again.")
            }
        }
    }

    fn stamp(call: &Call, response: &mut Response, ids: &Ids) {
        let headers = response.headers_mut();
        for name in ["x-ms-request-id", "x-ms-correlation-request-id"] {
            ids.write_request_id(headers, name);
        }
        let routing = format!("EASTUS2:{}:{}", ids.timestamp.replace([' ', '-', ':'], ""), ids.trace);
        if let Ok(value) = HeaderValue::try_from(routing) {
            headers.insert("x-ms-routing-request-id", value);
        }
        if call.header("x-ms-return-client-request-id").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            ids.write_client_request_id(headers);
        }
        headers.insert("x-ms-ratelimit-remaining-subscription-reads", HeaderValue::from_static("249"));
        headers.insert("cache-control", HeaderValue::from_static("no-cache"));
    }
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let (code, text) = match why {
        Unauthenticated::Missing => ("AuthenticationFailed", "The 'Authorization' header is missing."),
        Unauthenticated::Local | Unauthenticated::Scheme => {
            ("AuthenticationFailed", "The 'Authorization' header has a scheme that is not supported.")
        }
        Unauthenticated::Malformed | Unauthenticated::Signature => {
            ("InvalidAuthenticationToken", "The access token is invalid.")
        }
        Unauthenticated::Issuer => {
            ("InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer or tenant.")
        }
        Unauthenticated::Audience => {
            ("InvalidAuthenticationTokenAudience", "The access token is for another audience than Resource Manager.")
        }
        Unauthenticated::Expired => ("ExpiredAuthenticationToken", "The access token has expired."),
    };
    let uri = format!("https://login.microsoftonline.com/{TENANT_ID}");
    let challenge = format!(r#"Bearer authorization_uri="{uri}", error="invalid_token", error_description="{text}""#);
    Denial::new(StatusCode::UNAUTHORIZED, code, text).with_challenge(challenge)
}

/// Names who lacks what, and where: administrators are sent this.
pub(super) fn forbidden(caller: &Caller, action: Action, scope: &str) -> Denial {
    let who = if caller.is_app() { caller.client_id.clone() } else { format!("{}@{TENANT_DOMAIN}", caller.name) };
    let (oid, action) = (&caller.object_id, action.name());
    let text = format!(
        "The client '{who}' with object id '{oid}' does not have authorization to perform action '{action}' over scope \
         '{scope}', or the scope is invalid. If access was granted recently, refresh the credentials."
    );
    Denial::new(StatusCode::FORBIDDEN, "AuthorizationFailed", text)
}

pub(super) fn method(call: &Call) -> Denial {
    let text = format!("The HTTP method '{}' is not supported at this path.", call.method);
    Denial::new(StatusCode::METHOD_NOT_ALLOWED, "HttpMethodNotSupported", text)
}

pub(super) fn no_version() -> Denial {
    let text = "The api-version query parameter (?api-version=) is required for all requests.";
    Denial::bad_request("MissingApiVersionParameter", text)
}

pub(super) fn version(version: &str) -> Denial {
    Denial::bad_request("InvalidApiVersionParameter", format!("The api-version '{version}' is invalid."))
}

pub(super) fn skip_token() -> Denial {
    Denial::bad_request("InvalidSkipToken", "The $skiptoken is invalid.")
}

pub(super) fn no_type(path: &str) -> Denial {
    Denial::not_found("InvalidResourceType", format!("No resource type is found at '{path}'."))
}

pub(super) fn no_subscription(id: &str) -> Denial {
    Denial::not_found("SubscriptionNotFound", format!("The subscription '{id}' could not be found."))
}

pub(super) fn no_group(name: &str) -> Denial {
    Denial::not_found("ResourceGroupNotFound", format!("Resource group '{name}' could not be found."))
}

pub(super) fn no_resource(kind: Kind, name: &str, group: &str) -> Denial {
    let kind = kind.type_name();
    let text = format!("The Resource '{kind}/{name}' under resource group '{group}' was not found.");
    Denial::not_found("ResourceNotFound", text)
}
