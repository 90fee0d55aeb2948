//! Answers: JSON, redirects, and the headers that all of them carry.

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA,
        REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body_util::Full;
use serde_json::{Value, json};
use url::{Url, form_urlencoded::Serializer};

use super::{
    error::{OAuthCode, OAuthError},
    issuer::Issuer,
    meter,
};

/// When to come back, where nobody has said so.
const WAIT: Duration = Duration::from_secs(5);

pub(super) type Answer = Response<Full<Bytes>>;

/// Makes a JSON answer that nobody keeps.
pub(super) fn json(status: StatusCode, body: &Value) -> Answer {
    let mut answer = bare(status);
    *answer.body_mut() = Full::from(body.to_string());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// Makes the JSON of an error (RFC 6749 section 5.2).
pub(super) fn error(error: &OAuthError) -> Answer {
    let body = json!({"error": error.code.as_str(), "error_description": error.description});
    let mut answer = json(error.code.status(), &body);
    let wait = match error.code {
        OAuthCode::TemporarilyUnavailable => Some(error.retry_after.unwrap_or(WAIT)),
        _ => error.retry_after,
    };
    if let Some(wait) = wait {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    meter::noted(answer, error.code.as_str())
}

/// Sends the browser on.
pub(super) fn found(url: &Url) -> Answer {
    located(url.as_str()).unwrap_or_else(|| bare(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Sends the browser back to the client with an error (RFC 6749 section 4.1.2.1).
pub(super) fn refused(redirect: &str, state: Option<&str>, issuer: &Issuer, error: &OAuthError) -> Option<Answer> {
    Some(meter::noted(back(redirect, state, issuer, error.parameters())?, error.code.as_str()))
}

/// Sends the browser back to the client, with `state` and `iss` (RFC 9207), in success and in error alike.
pub(super) fn back<'a>(
    redirect: &str,
    state: Option<&str>,
    issuer: &Issuer,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<Answer> {
    let mut query = Serializer::new(String::new());
    query
        .extend_pairs(parameters)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", issuer.as_str());
    // The bytes that were judged, and not what a parser makes of them.
    let joint = if redirect.contains('?') { '&' } else { '?' };
    located(&format!("{redirect}{joint}{}", query.finish()))
}

fn located(address: &str) -> Option<Answer> {
    let mut answer = bare(StatusCode::FOUND);
    answer.headers_mut().insert(LOCATION, HeaderValue::try_from(address).ok()?);
    Some(answer)
}

/// Lets pages of every origin read an answer: nothing in it rests on cookies.
pub(super) fn readable_by_all(mut answer: Answer) -> Answer {
    for (name, value) in
        [(ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after, www-authenticate")]
    {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Answers a preflight (Fetch standard, CORS protocol).
pub(super) fn preflight(methods: &'static str) -> Answer {
    let mut answer = readable_by_all(bare(StatusCode::NO_CONTENT));
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type, authorization, mcp-protocol-version"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Makes an answer without a body.
pub(super) fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    let headers: [(HeaderName, &str); 4] = [
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
        // Addresses hold codes and states.
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in headers {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests {
    use mcp_auth_layer::redirect::RedirectAllowlist;

    use super::*;

    #[test]
    fn an_answer_goes_to_the_bytes_that_were_judged() {
        let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
        let allowlist =
            RedirectAllowlist::parse_list("loopback,cursor,https://app.contoso.com/cb?tenant=a%20b").unwrap();
        for redirect in [
            "http://127.0.0.1:33418",
            "http://127.0.0.1:33418/",
            "http://localhost:80/callback",
            "http://[::1]:1/a%2eb/%7Euser",
            "http://127.0.0.1:1/cb?x=1&y=%C3%A9",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://app.contoso.com/cb?tenant=a%20b",
        ] {
            let Ok(allowed) = allowlist.check(redirect) else { continue };
            let answer = back(allowed.as_str(), Some("s"), &issuer, [("code", "c")]).unwrap();
            let location = answer.headers()[LOCATION].to_str().unwrap();
            let added = location.strip_prefix(redirect).unwrap_or_else(|| panic!("{redirect}: {location}"));
            let joint = if redirect.contains('?') { "&" } else { "?" };
            assert_eq!(added, format!("{joint}code=c&state=s&iss=https%3A%2F%2Fmcp.contoso.com"), "{redirect}");
        }
    }

    #[test]
    fn what_a_client_sends_never_ends_a_header() {
        let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
        let state = "a\r\nSet-Cookie: x=y\r\n\r\n<script>\0é&iss=https://evil.example#";
        let answer = back("http://127.0.0.1:1/", Some(state), &issuer, [("code", "c")]).unwrap();
        let location = answer.headers()[LOCATION].to_str().unwrap();
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>#\"".contains(&byte)), "{location}");
        let sent: Vec<_> = Url::parse(location).unwrap().query_pairs().into_owned().collect();
        let of = |name: &str| sent.iter().filter(|(own, _)| own == name).map(|(_, value)| &**value).collect::<Vec<_>>();
        assert_eq!((of("state"), of("iss")), (vec![state], vec!["https://mcp.contoso.com"]));
        assert!(!answer.headers().contains_key("set-cookie"));
    }
}
