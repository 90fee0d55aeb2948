//! Reads what the token endpoint answered (RFC 6749 sections 5.1 and 5.2, with Entra's additions).
//!
//! Pure: status, headers, body and the present time in, a token or a classified error out.

mod refusal;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use mcp_auth_layer::clock::UnixTime;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{
    access_token::AccessToken,
    error::{ExchangeErrorKind, Failure},
};

/// A token as the token endpoint granted it.
#[derive(Clone, Debug)]
pub struct TokenAnswer {
    access_token: AccessToken,
    lifetime: Duration,
    renew_from: Option<UnixTime>,
    scope: Option<Box<str>>,
    correlation_id: Option<Arc<str>>,
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    refresh_token: Option<SecretString>,
}

impl TokenAnswer {
    /// Makes the answer of a token that was granted before.
    pub(crate) const fn kept(access_token: AccessToken, lifetime: Duration) -> Self {
        Self {
            access_token,
            lifetime,
            renew_from: None,
            scope: None,
            correlation_id: None,
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            refresh_token: None,
        }
    }

    /// Returns the token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// Returns how long the token lives from its issue on.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Returns from when on Entra wants the token renewed, if it said so (`refresh_in`).
    #[must_use]
    pub fn renew_from(&self) -> Option<UnixTime> {
        self.renew_from
    }

    /// Returns the scopes that were granted, separated by blanks.
    ///
    /// None when Entra did not say, which means those that were asked for (RFC 6749 section 5.1).
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Returns the id by which the sign-in logs know the request; none for a token that another replica asked for.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// Returns the refresh token; only a sign-in has one.
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    pub(crate) fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    pub(crate) fn with_correlation_id(self, id: Arc<str>) -> Self {
        Self { correlation_id: Some(id), ..self }
    }
}

/// Why a success is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unusable {
    #[error("the answer is not a JSON object")]
    NotJson,
    #[error("the answer has no bearer token")]
    NoBearerToken,
    #[error("the answer's token cannot stand in a header")]
    Characters,
    #[error("the answer has no usable lifetime")]
    Lifetime,
}

/// Reads an answer that came at `now`.
pub(crate) fn read(response: &Response<Bytes>, now: UnixTime) -> Result<TokenAnswer, Failure> {
    let members: Option<Map<String, Value>> = serde_json::from_slice(response.body()).ok();
    if response.status().is_success() {
        members
            .ok_or(Unusable::NotJson)
            .and_then(|members| granted(members, now))
            .map_err(|why| Failure::new(ExchangeErrorKind::Unavailable).because(why))
    } else {
        Err(refusal::read(response, members, now))
    }
}

fn granted(mut members: Map<String, Value>, now: UnixTime) -> Result<TokenAnswer, Unusable> {
    // RFC 6749 section 7.1: a token of an unknown type must not be used.
    let bearer = members.get("token_type").and_then(Value::as_str);
    if !bearer.is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer")) {
        return Err(Unusable::NoBearerToken);
    }
    let Some(Value::String(token)) = members.remove("access_token") else { return Err(Unusable::NoBearerToken) };
    let token = SecretString::from(token);
    check_characters(secrecy::ExposeSecret::expose_secret(&token))?;
    let lifetime = members.get("expires_in").and_then(seconds).ok_or(Unusable::Lifetime)?.min(LONGEST_LIFE);
    // A later time than the token's end, or a number that is none, is no advice.
    let renew_in = members.get("refresh_in").and_then(seconds).filter(|renew_in| *renew_in < lifetime);
    let renew_from = renew_in.map(|renew_in| now.saturating_add(renew_in));
    let scope = members.get("scope").and_then(Value::as_str).map(Into::into);
    let access_token = AccessToken::new(token, now.saturating_add(lifetime));
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    let refresh_token = match members.remove("refresh_token") {
        Some(Value::String(token)) if !token.is_empty() => Some(SecretString::from(token)),
        _ => None,
    };
    Ok(TokenAnswer {
        access_token,
        lifetime,
        renew_from,
        scope,
        correlation_id: None,
        #[cfg(any(feature = "azure-identity", feature = "proxy"))]
        refresh_token,
    })
}

fn check_characters(token: &str) -> Result<(), Unusable> {
    if token.is_empty() {
        return Err(Unusable::NoBearerToken);
    }
    if token.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(()) } else { Err(Unusable::Characters) }
}

/// Entra's older endpoints write numbers as strings. Zero is no lifetime.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// The longest life that Entra documents: 28 hours, for sessions under continuous access evaluation. A longer one is a fault,
/// and must not keep a token in use for ever.
const LONGEST_LIFE: Duration = Duration::from_secs(28 * 60 * 60);
