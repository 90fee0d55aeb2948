//! Communication Services: texts and mail. What is sent goes to an outbox that tests can read, and no further.

mod email;
mod outbox;
mod refusal;
mod sms;

use axum::{Router, http::Method, response::Response};

pub(crate) use self::outbox::Outbox;
use self::refusal::Communication;
use super::{Action, Call, answer};
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<Communication>(&call, |caller| {
        let resource = call.resource().map_err(|_| refusal::not_found())?;
        if !call.shared.state.azure.permits(caller, Action::SendMessages, &resource.id()) {
            return Err(refusal::forbidden(caller));
        }
        match (&call.method, call.path.as_str()) {
            (&Method::POST, "/sms") => sms::send(&call),
            (&Method::POST, "/emails:send") => email::send(&call),
            (&Method::GET, path) => match path.strip_prefix("/emails/operations/") {
                Some(id) => email::operation(&call, id),
                None => Err(refusal::not_found()),
            },
            _ => Err(refusal::not_found()),
        }
    })
    .await
}

/// Checks the version of the interface: each part of the service has its own.
fn check_version(call: &Call, first: &str) -> Result<(), super::Denial> {
    let version = call.parameter("api-version").unwrap_or_default();
    let day = version.strip_suffix("-preview").unwrap_or(version);
    let known = day.parse::<jiff::civil::Date>().is_ok() && day >= first;
    if known { Ok(()) } else { Err(refusal::version()) }
}
