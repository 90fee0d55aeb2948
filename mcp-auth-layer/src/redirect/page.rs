//! What a browser shows when a redirect URI is refused.
//!
//! Nothing of the request is in it, so there is nothing to escape; and nothing leads anywhere, so that a refused request
//! cannot become an open redirect (RFC 6749 section 4.1.2.1).

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};

use super::RedirectError;
use crate::respond::FromBytes;

const REFUSED: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Sign-in stopped</title>\n\
    <h1>Sign-in stopped</h1>\n\
    <p>The app that sent you here asked for the answer to go to an address that this server does not allow. \
    Nothing was sent there.</p>\n\
    <p>If you started this yourself, ask whoever runs the server to add the app's redirect URI to its list. \
    If you did not, close this page.</p>\n</html>\n";

const METHOD: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Method not allowed</title>\n\
    <h1>Method not allowed</h1>\n<p>This address answers GET and HEAD.</p>\n</html>\n";

/// Answers a redirect URI that was refused; the reason stays in the extensions for loggers.
pub(super) fn refused<B: FromBytes>(why: RedirectError) -> Response<B> {
    let mut response = page(StatusCode::BAD_REQUEST, REFUSED);
    response.extensions_mut().insert(why);
    response
}

/// Answers a method that an authorization endpoint has no use for.
pub(super) fn method_not_allowed<B: FromBytes>() -> Response<B> {
    let mut response = page(StatusCode::METHOD_NOT_ALLOWED, METHOD);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn page<B: FromBytes>(status: StatusCode, html: &'static str) -> Response<B> {
    let mut response = Response::new(B::from_bytes(Bytes::from_static(html.as_bytes())));
    *response.status_mut() = status;
    headers(response.headers_mut());
    response
}

fn headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address of this page holds the refused URI, and perhaps a state.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(nothing));
}
