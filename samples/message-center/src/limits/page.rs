//! The page that a person sees instead of a sign-in.

use http::{HeaderValue, Response, StatusCode, header};
use mcp_auth_layer::respond::FromBytes;

/// All of its look. Its digest stands in [`POLICY`]; where they differ, browsers drop it and complain.
const STYLE: &str = "body{margin:1rem auto;padding:0 1rem;max-width:38rem;font:1rem/1.5 system-ui,sans-serif}";

const POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                      style-src 'sha256-1x90/wxgYvChm8RqnnG+EuXMR4/ravPgmaz0fwHShS4='";

/// Makes the page; the text is our own, so there is nothing to escape.
pub(super) fn stopped<B: FromBytes>(status: StatusCode, text: &str) -> Response<B> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Sign-in stopped</title>\n<style>{STYLE}</style>\n<main>\n<h1>Sign-in stopped</h1>\n<p>{text}</p>\n</main>\n"
    );
    let mut response = Response::new(B::from_bytes(html.into()));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::prelude::*;

    use super::*;

    #[test]
    fn the_policy_allows_the_style_and_nothing_else() {
        let expected = format!("style-src 'sha256-{}'", BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes())));
        assert!(POLICY.starts_with("default-src 'none'") && POLICY.ends_with(&expected), "{expected}");
    }
}
