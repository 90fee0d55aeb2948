//! The page that a person sees instead of a sign-in.

use http::{HeaderValue, Response, StatusCode, header};
use mcp_auth_layer::respond::FromBytes;

/// Makes the page; the text is our own, so there is nothing to escape.
pub(super) fn stopped<B: FromBytes>(status: StatusCode, text: &str) -> Response<B> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Sign-in stopped</title>\n<main>\n<h1>Sign-in stopped</h1>\n<p>{text}</p>\n</main>\n"
    );
    let mut response = Response::new(B::from_bytes(html.into()));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
