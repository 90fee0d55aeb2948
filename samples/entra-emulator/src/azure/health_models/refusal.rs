//! Refusals of health models' data plane.

use axum::{http::StatusCode, response::Response};

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Unauthenticated},
    error::Ids,
    place::Place,
    service::Service,
};

/// How health models speak.
pub(super) struct HealthModels;

impl Dialect for HealthModels {
    const SERVICE: Service = Service::HealthModels;
    const PLACE: Place = Place::HealthModels;
    const NAME: &'static str = "health_models";
    const ACTION: Action = Action::ReadHealth;

    fn deny(_: &Call, caller: Option<&Caller>, cause: Cause) -> Denial {
        let of = Denial::new;
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            // The service evaluates no sessions while their tokens live.
            Cause::Claims(_) => unauthenticated(Unauthenticated::Expired),
            Cause::Forbidden(..) => match caller {
                Some(caller) => forbidden(caller),
                None => of(StatusCode::FORBIDDEN, "Forbidden", "The request is forbidden."),
            },
            Cause::Throttled => of(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests."),
            Cause::BadRequest => Denial::bad_request("BadRequest", "The request is invalid."),
            Cause::Unavailable => {
                of(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service is unavailable.")
            }
        }
    }

    fn stamp(_: &Call, response: &mut Response, ids: &Ids) {
        ids.write_request_id(response.headers_mut(), "x-ms-request-id");
    }
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let text = match why {
        Unauthenticated::Missing => "No token was presented.",
        Unauthenticated::Local | Unauthenticated::Scheme => "Only tokens of Entra are accepted.",
        Unauthenticated::Malformed | Unauthenticated::Signature => "The token's signature is invalid.",
        Unauthenticated::Issuer => "The token's issuer is invalid.",
        Unauthenticated::Audience => "The token's audience is invalid.",
        Unauthenticated::Expired => "The token has expired.",
    };
    let challenge = format!(r#"Bearer error="invalid_token", error_description="{text}""#);
    Denial::new(StatusCode::UNAUTHORIZED, "Unauthorized", text).with_challenge(challenge)
}

pub(super) fn forbidden(caller: &Caller) -> Denial {
    let (oid, action) = (&caller.object_id, Action::ReadHealth.name());
    let text = format!("The principal '{oid}' lacks a role with '{action}' on this health model.");
    Denial::new(StatusCode::FORBIDDEN, "Forbidden", text)
}

pub(super) fn not_found(what: &str) -> Denial {
    Denial::not_found("NotFound", format!("The {what} was not found."))
}
