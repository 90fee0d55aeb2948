//! Dynamic registration (RFC 7591) that keeps nothing: all that was registered lies sealed in the client's id.
//!
//! SDKs keep a registration for ever, and one that expired would end in a page that no user can do anything about. So it ends
//! only by [`Clients::not_before`](super::Clients), or with the key that sealed it; its redirect URIs are judged anew at each use.

use mcp_auth_layer::{clock::UnixTime, redirect::RedirectAllowlist};
use serde::{Deserialize, Serialize};
use url::Url;

use super::name;
use crate::{
    proxy::{
        error::{OAuthCode, OAuthError},
        sealed,
    },
    seal::{KeyRing, Purpose},
};

/// How the ids of registered clients begin.
pub(super) const PREFIX: &str = "mcp.";

/// The id stands in the query of every sign-in.
const MAX_ID: usize = 2_048;

const MAX_REDIRECTS: usize = 10;
const MAX_REDIRECT: usize = 512;

/// What a client may ask for; the other members of RFC 7591 section 2 mean nothing here.
#[derive(Debug, Default, Deserialize)]
pub(in crate::proxy) struct Asked {
    redirect_uris: Option<Vec<String>>,
    client_name: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// How a client proves at the token endpoint who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::proxy) enum Method {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "client_secret_basic")]
    Basic,
    #[serde(rename = "client_secret_post")]
    Post,
}

/// What lies sealed in the id; the names are short because the id is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::proxy) struct Registration {
    #[serde(rename = "r")]
    pub(in crate::proxy) redirects: Vec<Box<str>>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(in crate::proxy) name: Option<Box<str>>,
    #[serde(rename = "m")]
    pub(in crate::proxy) method: Method,
    /// In seconds since the epoch.
    #[serde(rename = "t")]
    pub(in crate::proxy) issued: u64,
}

/// Reads what a client asks for, by today's list of redirect URIs.
pub(in crate::proxy) fn read(
    asked: Asked,
    allowlist: &RedirectAllowlist,
    now: UnixTime,
) -> Result<Registration, OAuthError> {
    asked.wants_what_there_is()?;
    let name = asked.client_name.as_deref().map_or(Ok(None), name::read);
    Ok(Registration {
        redirects: redirects(asked.redirect_uris.unwrap_or_default(), allowlist)?,
        name: name.map_err(|_| metadata("client_name is longer than 80 characters"))?,
        method: Method::for_asked(asked.token_endpoint_auth_method.as_deref()),
        issued: now.as_secs(),
    })
}

impl Registration {
    /// Makes the client's id.
    pub(in crate::proxy) fn seal(&self, ring: &KeyRing) -> Result<String, OAuthError> {
        let sealed = sealed::seal(ring, Purpose::Registration, "", self);
        let id = sealed.ok().map(|sealed| PREFIX.to_owned() + &sealed).filter(|id| id.len() <= MAX_ID);
        id.ok_or_else(|| metadata("the redirect URIs are too long together"))
    }

    /// Reads an id that this server has given out.
    pub(super) fn open(ring: &KeyRing, id: &str) -> Option<Self> {
        let sealed = id.strip_prefix(PREFIX).filter(|_| id.len() <= MAX_ID)?;
        sealed::open(ring, Purpose::Registration, "", sealed)
    }
}

impl Asked {
    /// Refuses a client that could do nothing with what it would get; what it asks for besides is not given.
    fn wants_what_there_is(&self) -> Result<(), OAuthError> {
        let lacks = |list: &Option<Vec<String>>, wanted: &str| {
            list.as_ref().is_some_and(|list| !list.is_empty() && list.iter().all(|one| one != wanted))
        };
        if lacks(&self.grant_types, "authorization_code") {
            return Err(metadata("grant_types must have authorization_code in it"));
        }
        if lacks(&self.response_types, "code") {
            return Err(metadata("response_types must have code in it"));
        }
        Ok(())
    }
}

impl Method {
    /// RFC 7591 section 2: a client that names no method means `client_secret_basic`. Copilot Studio takes no answer without a
    /// secret. What is not known here is answered with `none`, which section 3.2.1 allows.
    fn for_asked(asked: Option<&str>) -> Self {
        match asked {
            None | Some("client_secret_basic") => Self::Basic,
            Some("client_secret_post") => Self::Post,
            Some(_) => Self::None,
        }
    }
}

/// Returns those that are allowed. Cursor registers three at once, and would be lost if one of them spoiled the others.
fn redirects(asked: Vec<String>, allowlist: &RedirectAllowlist) -> Result<Vec<Box<str>>, OAuthError> {
    if asked.len() > MAX_REDIRECTS || asked.iter().any(|uri| uri.len() > MAX_REDIRECT) {
        return Err(metadata("there may be 10 redirect URIs of 512 bytes each"));
    }
    let mut allowed: Vec<Box<str>> = Vec::new();
    for uri in asked {
        if let Err(error) = allowlist.check(&uri) {
            // What an operator may have to add to the list.
            let host = Url::parse(&uri).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
            tracing::info!(
                target: "mcp_obo::proxy", host, rule = error.kind().as_str(), "a client names a redirect URI that is not allowed"
            );
        } else if !allowed.iter().any(|known| **known == *uri) {
            allowed.push(uri.into());
        }
    }
    if allowed.is_empty() {
        return Err(OAuthError::new(
            OAuthCode::InvalidRedirectUri,
            "this server allows none of the redirect URIs; its operator can add them to its list",
        ));
    }
    Ok(allowed)
}

const fn metadata(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::InvalidClientMetadata, description)
}
