//! Communication Services' refusals.

use axum::{http::StatusCode, response::Response};

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Unauthenticated},
    error::Ids,
    place::Place,
    service::Service,
};

/// How Communication Services speak.
pub(super) struct Communication;

impl Dialect for Communication {
    const SERVICE: Service = Service::Communication;
    const PLACE: Place = Place::Communication;
    const NAME: &'static str = "communication";
    const ACTION: Action = Action::SendMessages;

    fn deny(_: &Call, caller: Option<&Caller>, cause: Cause) -> Denial {
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            // The service evaluates no sessions while their tokens live.
            Cause::Claims(_) => unauthenticated(Unauthenticated::Expired),
            Cause::Forbidden(..) => match caller {
                Some(caller) => forbidden(caller),
                None => Denial::new(StatusCode::FORBIDDEN, "Forbidden", "The request is forbidden."),
            },
            Cause::Throttled => {
                Denial::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many messages were sent.")
            }
            Cause::BadRequest => invalid("The request is invalid."),
            Cause::Unavailable => {
                Denial::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service is unavailable.")
            }
        }
    }

    fn stamp(_: &Call, response: &mut Response, ids: &Ids) {
        ids.write_request_id(response.headers_mut(), "x-ms-request-id");
        ids.write_request_id(response.headers_mut(), "ms-cv");
    }
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let text = match why {
        Unauthenticated::Missing => "No credentials were presented.",
        Unauthenticated::Local => "Access keys are disabled for this resource.",
        Unauthenticated::Scheme => "The scheme of the credentials is not supported.",
        Unauthenticated::Malformed | Unauthenticated::Signature => "The token's signature is invalid.",
        Unauthenticated::Issuer => "The token's issuer is not the resource's tenant.",
        Unauthenticated::Audience => "The token's audience is not Communication Services.",
        Unauthenticated::Expired => "The token has expired.",
    };
    Denial::new(StatusCode::UNAUTHORIZED, "Denied", text).with_challenge("Bearer")
}

pub(super) fn forbidden(caller: &Caller) -> Denial {
    let (oid, action) = (&caller.object_id, Action::SendMessages.name());
    let text = format!("The principal '{oid}' lacks a role with '{action}' on this resource.");
    Denial::new(StatusCode::FORBIDDEN, "Forbidden", text)
}

pub(super) fn invalid(message: &str) -> Denial {
    Denial::bad_request("InvalidArgument", message)
}

pub(super) fn version() -> Denial {
    Denial::bad_request("UnsupportedApiVersion", "The api-version is missing or not supported.")
}

pub(super) fn not_linked() -> Denial {
    Denial::not_found("DomainNotLinked", "The specified sender domain has not been linked.")
}

pub(super) fn not_found() -> Denial {
    Denial::not_found("NotFound", "The resource was not found.")
}
