//! Reads `WWW-Authenticate` (RFC 9110 section 11.6.1) as downstream APIs and vaults really write it.
//!
//! Several headers with several challenges each, in any order; values quoted or not (Graph leaves `authorization_uri` bare);
//! claims in base64 of either alphabet, padded or not. What cannot be read is left out, and nothing is read without end.
//!
//! [`Downstream`](crate::Downstream) reads it by itself; whoever calls an API in another way gives what [`claims`] finds to
//! [`OnBehalfOf::token_with_claims`](crate::OnBehalfOf::token_with_claims).

mod claims;
#[cfg(test)]
mod tests;

use std::fmt;

use http::{HeaderMap, header::WWW_AUTHENTICATE};

pub use self::claims::{ClaimsRequest, InvalidClaims};

/// One challenge: a scheme with its parameters.
///
/// Names compare without case. Of a parameter that comes twice the first counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: Box<str>,
    parameters: Vec<(Box<str>, String)>,
}

impl Challenge {
    /// Returns the scheme, such as `Bearer`, as it was written.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns the value of a parameter, without quotes.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the claims that a token must satisfy, when this challenge asks for claims.
    ///
    /// That is a `Bearer` challenge whose error is `insufficient_claims` (Entra's claims-challenge guide).
    #[must_use]
    pub fn claims(&self) -> Option<ClaimsRequest> {
        let is_asking = self.scheme.eq_ignore_ascii_case("Bearer")
            && self.parameter("error").is_some_and(|error| error.eq_ignore_ascii_case("insufficient_claims"));
        let claims = self.parameter("claims").filter(|_| is_asking)?;
        ClaimsRequest::read(claims).ok()
    }
}

/// Prints names only: a value may be anything that the API wrote.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("Challenge").field("scheme", &self.scheme).field("parameters", &names).finish()
    }
}

/// Finds the first claims request in a response's headers.
#[must_use]
pub fn claims(headers: &HeaderMap) -> Option<ClaimsRequest> {
    challenges(headers).iter().find_map(Challenge::claims)
}

/// Reads all challenges of a response.
#[must_use]
pub fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let mut found = Vec::new();
    let mut left = MAX_BYTES;
    for value in headers.get_all(WWW_AUTHENTICATE) {
        let Some(rest) = left.checked_sub(value.len()) else { break };
        left = rest;
        // Descriptions may be in any language, in UTF-8 or in what is none.
        Reader(&String::from_utf8_lossy(value.as_bytes())).read_into(&mut found);
    }
    found
}

/// More than any server lets pass in one response's headers.
const MAX_BYTES: usize = 32 * 1024;

/// More than one API offers; the rest would only cost memory.
const MAX_CHALLENGES: usize = 32;

const MAX_PARAMETERS: usize = 64;

/// What is left of one header.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn read_into(mut self, found: &mut Vec<Challenge>) {
        // A parameter belongs to a challenge of its own header.
        let first = found.len();
        loop {
            self.0 = self.0.trim_start_matches([' ', '\t', ',']);
            if self.0.is_empty() || found.len() == MAX_CHALLENGES {
                return;
            }
            match self.element() {
                Some(Element::Scheme(name)) => found.push(Challenge { scheme: name.into(), parameters: Vec::new() }),
                Some(Element::Parameter(name, value)) => {
                    let challenge = found.get_mut(first..).and_then(<[_]>::last_mut);
                    if let Some(challenge) = challenge.filter(|one| one.parameters.len() < MAX_PARAMETERS) {
                        challenge.parameters.push((name.into(), value));
                    }
                }
                None => self.skip_element(),
            }
        }
    }

    /// Reads `name=value`, or a scheme, whose parameters are elements of their own.
    fn element(&mut self) -> Option<Element<'a>> {
        let (name, rest) = token(self.0)?;
        if let Some(value) = value_after(rest) {
            let value = self.value(value)?;
            // Some APIs leave the comma out. Further words without one are the rest of a text without quotes.
            if token(blank(self.0)).is_some_and(|(_, rest)| value_after(rest).is_none()) {
                self.skip_element();
            }
            return Some(Element::Parameter(name, value));
        }
        let after = blank(rest);
        if after.len() == rest.len() && !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
        // What may follow in place of parameters, as in `Negotiate YII=`, is nothing that is looked for.
        self.0 = without_token68(after);
        Some(Element::Scheme(name))
    }

    fn value(&mut self, text: &'a str) -> Option<String> {
        if let Some(quoted) = text.strip_prefix('"') {
            return self.quoted(quoted);
        }
        let (value, rest) = text.split_at(text.find([',', ' ', '\t']).unwrap_or(text.len()));
        self.0 = rest;
        Some(value.to_owned())
    }

    /// Reads up to the closing quote; a text without one was cut on its way, and ends its header.
    fn quoted(&mut self, text: &'a str) -> Option<String> {
        self.0 = "";
        let mut value = String::new();
        let mut characters = text.char_indices();
        while let Some((at, one)) = characters.next() {
            match one {
                '"' => {
                    self.0 = &text[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                _ => value.push(one),
            }
        }
        None
    }

    fn skip_element(&mut self) {
        self.0 = self.0.find(',').map_or("", |comma| &self.0[comma..]);
    }
}

enum Element<'a> {
    Scheme(&'a str),
    Parameter(&'a str, String),
}

fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Splits `token` off (RFC 9110 section 5.6.2).
fn token(text: &str) -> Option<(&str, &str)> {
    let is_in = |one: char| one.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(one);
    let end = text.find(|one| !is_in(one)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Returns the text of a value when an equals sign comes first.
fn value_after(text: &str) -> Option<&str> {
    blank(text).strip_prefix('=').map(blank)
}

/// Drops a `token68` (RFC 9110 section 11.2), which fills its element: `error="x"` starts like one.
fn without_token68(text: &str) -> &str {
    let is_in = |one: char| one.is_ascii_alphanumeric() || "-._~+/".contains(one);
    let after = text.trim_start_matches(is_in).trim_start_matches('=');
    let ends = blank(after).is_empty() || blank(after).starts_with(',');
    if ends { after } else { text }
}
