//! `GET /authorize`: checks an authorization request in its final form and passes it on to the tenant.
//!
//! The redirect layer in front has judged `redirect_uri`. What goes to Entra is written anew from what was checked: our own
//! scopes instead of the caller's, and no `resource`, which Entra refuses (AADSTS9010010).

use std::collections::BTreeMap;

use axum::{
    http::{self, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mcp_auth_layer::{EntraApp, redirect::AllowedRedirect, respond::FromBytes};
use url::{Url, form_urlencoded};

use crate::discovery::unavailable;

/// The longest `state` that Entra takes; longer ones end in AADSTS90015.
const MAX_STATE: usize = 1_500;

/// The longest user principal name has 113 characters; an address up to 320.
const MAX_HINT: usize = 320;

/// What authorization requests are checked against.
#[derive(Clone, Debug)]
pub struct Authorize {
    /// This server's app.
    pub app: EntraApp,
    /// The client that may ask.
    pub client_id: String,
    /// Names of our scopes that may be asked for.
    pub scope_names: Vec<String>,
    /// The scopes that Entra is asked for.
    pub scopes: String,
    /// Our resource, as clients name it.
    pub resource: String,
}

/// Why a request goes no further.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// Client or form is not to be trusted: a page, no redirect.
    Page(&'static str),
    /// The client is ours: it is told (RFC 6749 section 4.1.2.1).
    Client(&'static str, &'static str),
}

impl Authorize {
    /// Answers a request whose redirect URI was allowed.
    pub async fn answer(self, query: Option<String>, redirect: AllowedRedirect) -> Response {
        let parameters = match read(query.as_deref().unwrap_or_default()) {
            Ok(parameters) => parameters,
            Err(text) => return stopped(text),
        };
        match self.check(&parameters) {
            Ok(()) => self.pass_on(&parameters, &redirect).await,
            Err(Refusal::Page(text)) => stopped(text),
            Err(Refusal::Client(error, text)) => tell_client(&parameters, &redirect, error, text),
        }
    }

    fn check(&self, parameters: &BTreeMap<String, String>) -> Result<(), Refusal> {
        let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
        if !get("client_id").is_some_and(|id| id.eq_ignore_ascii_case(&self.client_id)) {
            return Err(Refusal::Page("This server does not know the app that sent you here."));
        }
        if get("response_type") != Some("code") {
            return Err(Refusal::Client("unsupported_response_type", "response_type must be code"));
        }
        match get("state") {
            Some(state) if state.len() <= MAX_STATE => {}
            _ => return Err(Refusal::Client("invalid_request", "state is needed, of at most 1500 bytes")),
        }
        let challenge = get("code_challenge").is_some_and(is_s256_challenge);
        if !challenge || get("code_challenge_method") != Some("S256") {
            return Err(Refusal::Client("invalid_request", "PKCE with S256 is needed"));
        }
        if !get("scope").is_none_or(|scope| scope.split(' ').all(|one| self.is_ours(one))) {
            return Err(Refusal::Client("invalid_scope", "only scopes of this server can be asked for"));
        }
        if get("login_hint").is_some_and(|hint| hint.len() > MAX_HINT) {
            return Err(Refusal::Client("invalid_request", "login_hint is longer than a user name"));
        }
        if !get("resource").is_none_or(|named| self.is_our_resource(named)) {
            return Err(Refusal::Client("invalid_target", "resource names another server"));
        }
        Ok(())
    }

    /// Tells whether a scope is one of ours, in any of the forms in which clients write it, or OpenID Connect's.
    fn is_ours(&self, scope: &str) -> bool {
        if matches!(scope, "" | "openid" | "profile" | "email" | "offline_access") {
            return true;
        }
        let name = self.app.audiences().find_map(|ours| scope.strip_prefix(ours)?.strip_prefix('/')).unwrap_or(scope);
        self.scope_names.iter().any(|known| known == name)
    }

    fn is_our_resource(&self, named: &str) -> bool {
        let bare = named.trim_end_matches('/');
        let origin = Url::parse(&self.resource).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        bare == self.resource || bare == origin
    }

    async fn pass_on(self, parameters: &BTreeMap<String, String>, redirect: &AllowedRedirect) -> Response {
        let endpoints = match self.app.authority().endpoints().await {
            Ok(endpoints) => endpoints,
            Err(why) => return unavailable(why.retry_after().as_secs()),
        };
        let Ok(mut url) = Url::parse(endpoints.authorization_endpoint()) else {
            return unavailable(60);
        };
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs([
                ("client_id", self.client_id.as_str()),
                ("response_type", "code"),
                ("redirect_uri", redirect.as_str()),
                ("response_mode", "query"),
                ("scope", &self.scopes),
                ("code_challenge_method", "S256"),
            ]);
            for name in ["state", "code_challenge", "login_hint"] {
                query.extend_pairs(parameters.get(name).map(|value| (name, value)));
            }
            // `consent` asks every user for what an administrator has granted already (AADSTS90094); others pass.
            let prompt = parameters
                .get("prompt")
                .filter(|prompt| matches!(prompt.as_str(), "login" | "select_account" | "none"));
            query.extend_pairs(prompt.map(|prompt| ("prompt", prompt)));
        }
        found(url.as_str())
    }
}

/// Reads the query; a repeated parameter could be read in two ways, so it is refused.
fn read(query: &str) -> Result<BTreeMap<String, String>, &'static str> {
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err("The request names a parameter twice.");
        }
    }
    Ok(parameters)
}

/// RFC 7636 section 4.2: base64url of a SHA-256, 43 characters.
fn is_s256_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn tell_client(
    parameters: &BTreeMap<String, String>,
    redirect: &AllowedRedirect,
    error: &str,
    description: &str,
) -> Response {
    let Ok(mut url) = Url::parse(redirect.as_str()) else {
        return stopped("The request cannot be answered.");
    };
    url.query_pairs_mut()
        .extend_pairs([("error", error), ("error_description", description)])
        .extend_pairs(parameters.get("state").filter(|state| state.len() <= MAX_STATE).map(|state| ("state", state)));
    found(url.as_str())
}

fn found(url: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let Ok(location) = HeaderValue::try_from(url) else {
        return stopped("The request cannot be answered.");
    };
    response.headers_mut().insert(header::LOCATION, location);
    harden(response)
}

fn stopped(text: &str) -> Response {
    page(StatusCode::BAD_REQUEST, text)
}

/// Tells a person why a sign-in goes no further; the text is our own, so there is nothing to escape.
pub(crate) fn page<B: FromBytes>(status: StatusCode, text: &str) -> http::Response<B> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<title>Sign-in stopped</title>\n<h1>Sign-in stopped</h1>\n<p>{text}</p>\n"
    );
    let mut response = http::Response::new(B::from_bytes(html.into()));
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    harden(response)
}

fn harden<B>(mut response: http::Response<B>) -> http::Response<B> {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
