//! Answers that no client can read, the same wherever they are switched on.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::fault::Fault;

/// Marks a response instead of which the connection ends.
#[derive(Clone, Copy, Debug)]
struct Reset;

/// Makes the answer of a fault below the service's own errors; none for any other fault.
///
/// `beginning` is how the JSON begins that would have come.
pub(crate) fn answer(fault: &Fault, beginning: &'static str) -> Option<Response> {
    Some(match fault {
        Fault::Html => (StatusCode::INTERNAL_SERVER_ERROR, Html("<html><h1>Server Error</h1></html>")).into_response(),
        Fault::ThrottledPage(seconds) => {
            let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
            let page = Html("<html><h1>Too Many Requests</h1></html>");
            (StatusCode::TOO_MANY_REQUESTS, retry_after, page).into_response()
        }
        Fault::Truncated => ([(header::CONTENT_TYPE, "application/json")], beginning).into_response(),
        Fault::Reset => {
            let mut response = Response::default();
            response.extensions_mut().insert(Reset);
            response
        }
        _ => return None,
    })
}

/// Tells whether the connection ends instead of this response.
pub(crate) fn is_reset(response: &Response) -> bool {
    response.extensions().get::<Reset>().is_some()
}
