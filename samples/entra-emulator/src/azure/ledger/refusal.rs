//! A ledger's refusals.

use axum::{
    http::{HeaderValue, StatusCode},
    response::Response,
};

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Unauthenticated},
    error::Ids,
    place::Place,
    service::Service,
    tenant::TENANT_ID,
};

/// How a ledger speaks.
pub(super) struct Ledger;

impl Dialect for Ledger {
    const SERVICE: Service = Service::Ledger;
    const PLACE: Place = Place::Ledger;
    const NAME: &'static str = "ledger";
    const ACTION: Action = Action::ReadLedger;

    fn deny(_: &Call, caller: Option<&Caller>, cause: Cause) -> Denial {
        let of = Denial::new;
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(why),
            // A ledger evaluates no sessions while their tokens live.
            Cause::Claims(_) => unauthenticated(Unauthenticated::Expired),
            Cause::Forbidden(..) => match caller {
                Some(caller) => forbidden(caller),
                None => of(StatusCode::FORBIDDEN, "Forbidden", "The request is forbidden."),
            },
            Cause::Throttled => of(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests."),
            Cause::BadRequest => malformed(),
            Cause::Unavailable => {
                of(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The ledger has no primary node.")
            }
        }
    }

    fn stamp(_: &Call, response: &mut Response, ids: &Ids) {
        let headers = response.headers_mut();
        ids.write_request_id(headers, "x-ms-request-id");
        headers.insert("x-ms-node-id", HeaderValue::from_static("emulator-0"));
    }
}

fn unauthenticated(why: Unauthenticated) -> Denial {
    let text = match why {
        Unauthenticated::Missing => "The authorization header is missing.",
        Unauthenticated::Local | Unauthenticated::Scheme => "The authorization header has a scheme other than Bearer.",
        Unauthenticated::Malformed | Unauthenticated::Signature => "The token's signature is invalid.",
        Unauthenticated::Issuer => "The token's issuer is invalid.",
        Unauthenticated::Audience => "The token's audience is invalid.",
        Unauthenticated::Expired => "The token has expired.",
    };
    let uri = format!("https://login.microsoftonline.com/{TENANT_ID}");
    let challenge = format!(
        r#"Bearer authorization="{uri}", resource="https://confidential-ledger.azure.com", error="invalid_token""#
    );
    Denial::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationInfo", text).with_challenge(challenge)
}

pub(super) fn forbidden(caller: &Caller) -> Denial {
    let text = format!("The user '{}' of the ledger does not exist, or its role does not suffice.", caller.object_id);
    Denial::new(StatusCode::FORBIDDEN, "AuthorizationFailed", text)
}

pub(super) fn malformed() -> Denial {
    Denial::bad_request("InvalidInput", "The body is not an entry.")
}

pub(super) fn version() -> Denial {
    Denial::bad_request("UnsupportedApiVersion", "The api-version is missing or not supported.")
}

pub(super) fn id(id: &str) -> Denial {
    Denial::bad_request("InvalidTransactionId", format!("'{id}' is not a transaction's id."))
}

pub(super) fn no_transaction(id: &str) -> Denial {
    Denial::not_found("TransactionNotFound", format!("The transaction {id} was not found in this collection."))
}

pub(super) fn not_found() -> Denial {
    Denial::not_found("ResourceNotFound", "The path is not known.")
}
