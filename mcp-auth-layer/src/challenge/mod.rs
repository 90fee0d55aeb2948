//! The one place where a reason becomes a status, a `WWW-Authenticate` challenge and a fixed sentence.
//!
//! RFC 6750 section 3 gives the errors; RFC 9728 section 5.1 `resource_metadata`; RFC 9470 section 3 the challenge for a
//! stronger sign-in; the MCP authorization specification (2026-07-28) `scope` on 401; Entra's claims-challenge guide
//! `insufficient_claims`.

mod outside;
mod ready;
#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};

pub use self::outside::{Outside, outside};
pub(crate) use self::ready::Ready;
use crate::{authority::Endpoints, reject::Rejection, scope::ScopeSet};

/// What every challenge of one protected resource carries.
#[derive(Clone, Debug)]
pub(crate) struct ChallengeFields {
    /// The address of the RFC 9728 document.
    pub(crate) resource_metadata: Option<Box<str>>,
    /// What stands before a scope's name when a client asks for it, slash included.
    pub(crate) scope_prefix: Box<str>,
    /// The scopes that every request needs.
    pub(crate) required: ScopeSet,
}

impl ChallengeFields {
    /// Writes the headers of a refusal: the challenge on 4xx, `Retry-After` on 503.
    pub(crate) fn write(&self, why: &Rejection, endpoints: Option<&Endpoints>, ready: &Ready, headers: &mut HeaderMap) {
        if let Some(wait) = outside(why).retry_after() {
            headers.insert(RETRY_AFTER, retry_after(wait));
        }
        if let Some(challenge) = ready.get(why).cloned().or_else(|| self.header(why, endpoints)) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }

    /// Makes the header with the challenge, if there is to be one.
    fn header(&self, why: &Rejection, endpoints: Option<&Endpoints>) -> Option<HeaderValue> {
        let outside = outside(why);
        // Every part is ours or was escaped, so this cannot fail; without a challenge a refusal is still a refusal.
        let write = || HeaderValue::try_from(self.challenge(why, &outside, endpoints)).ok();
        outside.is_challenged().then(write).flatten()
    }

    /// Makes the one challenge, as one `Bearer` scheme that comes first: clients read no further.
    fn challenge(&self, why: &Rejection, outside: &Outside, endpoints: Option<&Endpoints>) -> String {
        let mut parts = Parts::default();
        if let Some(error) = outside.error() {
            parts.push("error", error);
            parts.push("error_description", outside.text());
        }
        match why {
            Rejection::StepUp { claims } => {
                // The tenant-specific authorization endpoint goes with the tenant as realm (Entra's claims-challenge guide).
                if let Some(endpoints) = endpoints {
                    parts.push("realm", endpoints.reach().segment());
                    parts.push("authorization_uri", endpoints.authorization_endpoint());
                }
                parts.push("claims", &STANDARD.encode(claims));
            }
            Rejection::StepUpScope { scope } => parts.push("scope", &self.with_required(scope)),
            Rejection::Authentication { acr_values, max_age } => {
                acr_values.iter().for_each(|values| parts.push("acr_values", &values.to_string()));
                max_age.iter().for_each(|age| parts.push("max_age", &age.as_secs().to_string()));
            }
            Rejection::Scope { required } => parts.push("scope", &self.spelled(required)),
            _ if self.required.is_empty() => {}
            _ => parts.push("scope", &self.spelled(&self.required)),
        }
        self.resource_metadata.iter().for_each(|url| parts.push("resource_metadata", url));
        if parts.is_empty() {
            // RFC 6750 section 3: the scheme is followed by at least one parameter.
            parts.push("realm", self.scope_prefix.trim_end_matches('/'));
        }
        parts.0
    }

    /// Spells the scopes that every request needs, and one more that is already spelled as a client must ask for it.
    fn with_required(&self, scope: &str) -> String {
        let required = self.spelled(&self.required);
        if required.is_empty() { scope.to_owned() } else { format!("{required} {scope}") }
    }

    /// Spells scopes as a client must ask for them.
    fn spelled(&self, scopes: &ScopeSet) -> String {
        let mut text = String::new();
        for name in scopes.iter() {
            let space = if text.is_empty() { "" } else { " " };
            text.extend([space, &self.scope_prefix, name]);
        }
        text
    }
}

/// Spells a wait in whole seconds (RFC 9110 section 10.2.3), rounded up: who comes back too early is refused again.
pub(crate) fn retry_after(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1_000).clamp(1, u128::from(u32::MAX)) as u32)
}

/// Tells whether a byte stands in a quoted string as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

/// `auth-param`s of one challenge, as quoted strings (RFC 9110 section 11.6.1).
struct Parts(String);

impl Default for Parts {
    fn default() -> Self {
        // Enough for a challenge that names one scope and a metadata document.
        let mut text = String::with_capacity(320);
        text.push_str("Bearer");
        Self(text)
    }
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.0 == "Bearer"
    }

    fn push(&mut self, name: &str, value: &str) {
        self.0.push_str(if self.is_empty() { " " } else { ", " });
        self.0.extend([name, "=\""]);
        match value.bytes().all(is_plain) {
            true => self.0.push_str(value),
            false => value.chars().for_each(|character| self.escape(character)),
        }
        self.0.push('"');
    }

    fn escape(&mut self, character: char) {
        match character {
            '"' | '\\' => self.0.extend(['\\', character]),
            ' '..='~' => self.0.push(character),
            // Nothing outside printable ASCII may stand in a quoted string that every client can read.
            _ => self.0.push('?'),
        }
    }
}
