//! How clients prove at the token endpoint who they are (RFC 6749 section 2.3.1).
//!
//! A registered client's secret is derived from its id and stored nowhere. What is presented is always verified: a credential
//! that nobody looks at would let a client believe that it is protected by it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::prelude::*;
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{Client, ClientDigest, ClientFault, ClientKind, Clients, Proof};
use crate::{
    error::explained,
    proxy::{
        error::{OAuthCode, OAuthError},
        parameters::Parameters,
    },
    seal::{KeyRing, Purpose},
};

/// A request whose client is not who it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct ClientRefused {
    pub(in crate::proxy) error: OAuthError,
    way: Way,
    /// Who is not known, and why, which is for the log.
    unknown: Option<(ClientDigest, ClientFault)>,
}

/// Where the client's id was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Basic,
    Body,
}

/// What a request says of its client.
struct Presented {
    id: String,
    secret: Option<SecretString>,
    way: Way,
}

/// Returns the secret of a client, as it is given to it.
pub(in crate::proxy) fn derived(ring: &KeyRing, id: &str) -> Zeroizing<String> {
    let (first, _) = ring.names(Purpose::ClientSecret, id.as_bytes());
    written(first)
}

impl Clients {
    /// Finds the client that sends a form, and believes it.
    pub(in crate::proxy) async fn authenticate(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
    ) -> Result<Client, ClientRefused> {
        let presented = Presented::read(headers, form)?;
        let client = self.find(&presented.id).await.map_err(|fault| {
            let refused = presented.refused(unknown(&fault));
            ClientRefused { unknown: Some((self.digest_of(&presented.id), fault)), ..refused }
        })?;
        let is_proven = match (&presented.secret, client.proof) {
            (None, proof) => proof != Proof::Required,
            (Some(_), Proof::None) => false,
            (Some(secret), Proof::Optional | Proof::Required) => self.is_secret_of(&client, secret),
        };
        if is_proven { Ok(client) } else { Err(presented.refused(invalid("the client did not prove who it is"))) }
    }

    /// Returns the derived secret of the operator's own client; empty where there is none.
    pub(in crate::proxy) fn preregistered_secret(&self) -> SecretString {
        let secret = self.preregistered.as_ref().map(|own| derived(&self.ring, &own.id.to_ascii_lowercase()));
        SecretString::from(secret.as_ref().map_or("", |secret| secret.as_str()))
    }

    /// Compares with every secret that the client may hold, whichever comes first, so that the time tells nothing.
    fn is_secret_of(&self, client: &Client, secret: &SecretString) -> bool {
        let given = secret.expose_secret().as_bytes();
        let mut id = client.id().to_owned();
        let mut configured = None;
        if let (ClientKind::Preregistered, Some(own)) = (client.kind(), &self.preregistered) {
            id.make_ascii_lowercase();
            configured = own.secret.as_ref();
        }
        let (first, others) = self.ring.names(Purpose::ClientSecret, id.as_bytes());
        let derived = std::iter::once(first).chain(others).map(written);
        let is_derived = derived.fold(false, |found, one| found | is_equal(one.as_bytes(), given));
        is_derived | configured.is_some_and(|own| is_equal(own.expose_secret().as_bytes(), given))
    }
}

impl Presented {
    fn read(headers: &HeaderMap, form: &Parameters) -> Result<Self, ClientRefused> {
        let body = form.get("client_id").map(str::to_owned);
        let body_secret = form.get("client_secret").map(SecretString::from);
        // RFC 7521 section 4.2; nobody registers a key here, so there is nothing to verify one with.
        if form.get("client_assertion").or(form.get("client_assertion_type")).is_some() {
            return Err(Way::Body.refused(invalid("client assertions are not supported")));
        }
        let Some((id, secret)) = basic(headers)? else {
            let id = body.ok_or_else(|| Way::Body.refused(request("client_id is missing")))?;
            return Ok(Self { id, secret: body_secret, way: Way::Body });
        };
        if body.is_some_and(|body| body != id) {
            return Err(Way::Basic.refused(request("the header and the body name different clients")));
        }
        match (secret, body_secret) {
            // RFC 6749 section 2.3: one method a request.
            (Some(_), Some(_)) => Err(Way::Basic.refused(request("the client has proved itself in two ways"))),
            (header, body) => Ok(Self { id, secret: header.or(body), way: Way::Basic }),
        }
    }

    fn refused(&self, error: OAuthError) -> ClientRefused {
        self.way.refused(error)
    }
}

impl Way {
    const fn refused(self, error: OAuthError) -> ClientRefused {
        ClientRefused { error, way: self, unknown: None }
    }
}

impl ClientRefused {
    /// Writes why; what the client is told says less.
    pub(in crate::proxy) fn log(&self) {
        let Some((client, fault)) = &self.unknown else { return self.error.log() };
        let (error, why) = (self.error.code.as_str(), explained(fault));
        tracing::warn!(target: "mcp_obo::proxy", error, why, %client, "a client was refused");
    }

    /// Returns the challenge, for whoever came with `Basic` and is not believed (RFC 6749 section 5.2).
    ///
    /// Nobody else gets it: browsers would ask a person for a name and a password.
    pub(in crate::proxy) fn challenge(&self) -> Option<(http::HeaderName, HeaderValue)> {
        let is_due = self.way == Way::Basic && self.error.code == OAuthCode::InvalidClient;
        is_due.then(|| (WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"")))
    }
}

/// Reads the header: an id, and a secret unless it is empty, which is how some clients without one write `none`.
fn basic(headers: &HeaderMap) -> Result<Option<(String, Option<SecretString>)>, ClientRefused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Way::Body.refused(request("there is more than one Authorization header")));
    }
    let text = value.to_str().unwrap_or_default();
    let Some((_, token)) = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")) else {
        return Err(Way::Body.refused(invalid("the client may prove itself by Basic alone")));
    };
    let decoded = BASE64_STANDARD.decode(token.trim()).ok().map(Zeroizing::new);
    let pair = decoded.as_ref().and_then(|decoded| std::str::from_utf8(decoded).ok()?.split_once(':'));
    let (id, secret) = pair.ok_or_else(|| Way::Basic.refused(invalid("the Authorization header cannot be read")))?;
    let secret = form_decoded(secret);
    Ok(Some((form_decoded(id).to_string(), (!secret.is_empty()).then(|| SecretString::from(secret.as_str())))))
}

/// Undoes what RFC 6749 section 2.3.1 has clients do to both halves before they are joined.
fn form_decoded(text: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("={text}"));
    // Whoever encoded it left no ampersand; one that is there is not cut off in silence.
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    let first = pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default();
    Zeroizing::new(if pairs.next().is_some() { text.to_owned() } else { first })
}

fn written(name: [u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(name))
}

fn is_equal(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

const fn unknown(fault: &ClientFault) -> OAuthError {
    match fault.code() {
        OAuthCode::TemporarilyUnavailable => {
            OAuthError::new(OAuthCode::TemporarilyUnavailable, "the client's document cannot be read now")
        }
        code => OAuthError::new(code, "the client is not known; it may register again"),
    }
}

const fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::InvalidClient, description)
}

const fn request(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests;
