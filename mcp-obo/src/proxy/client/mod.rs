//! Who asks: the clients that this server knows.
//!
//! | its id | who it is | what is known of it |
//! |---|---|---|
//! | the id of an app at Entra | the client that the operator registered there | nothing but the id |
//! | `mcp.` and what was sealed | a program that [registered](registered) itself | what it said of itself |
//! | an https URL | a program whose publisher keeps a [document](document) there | what stands in the document |
//!
//! Nobody's word about a redirect URI is enough: the operator's list allows it today, or it is none.

mod digest;
mod document;
mod name;
mod registered;
mod secret;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, sync::Arc};

use mcp_auth_layer::{
    clock::UnixTime,
    fetch::is_loopback,
    redirect::{AllowedRedirect, RedirectAllowlist, RedirectError},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

#[cfg(feature = "reqwest")]
pub(super) use self::document::PublicSource;
pub use self::{digest::ClientDigest, document::DocumentHosts};
pub(super) use self::{
    document::{DocumentFault, Documents},
    registered::{Asked, Method, Registration, read as read_registration},
    secret::derived as derived_secret,
};
use super::error::OAuthCode;
use crate::seal::KeyRing;

/// All clients.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) ring: KeyRing,
    pub(super) allowlist: RedirectAllowlist,
    pub(super) preregistered: Option<Preregistered>,
    /// Registrations from before are over.
    pub(super) not_before: UnixTime,
    /// The operator has shut these out.
    pub(super) denied: Arc<HashSet<ClientDigest>>,
    /// None where URLs are no clients.
    pub(super) documents: Option<Documents>,
}

/// The client that the operator registered at Entra.
#[derive(Clone, Debug)]
pub(super) struct Preregistered {
    /// In lower case.
    id: Box<str>,
    secret: Option<SecretString>,
}

/// One client, as it is known now.
#[derive(Clone, Debug)]
pub(super) struct Client {
    id: Box<str>,
    digest: ClientDigest,
    kind: ClientKind,
    name: Option<Box<str>>,
    redirects: OwnRedirects,
    proof: Proof,
    allowlist: RedirectAllowlist,
}

/// Where the knowledge of a client comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ClientKind {
    /// From the operator.
    Preregistered,
    /// From itself.
    Registered,
    /// From this host, which the operator trusts to speak for its clients.
    Document { host: Box<str> },
}

/// The redirect URIs that a client named as its own.
#[derive(Clone, Debug)]
enum OwnRedirects {
    /// It has no list, so that the operator's decides alone.
    Unlisted,
    Listed(Vec<Box<str>>),
}

/// What a client has to show at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// It has no secret, and none that is shown is right.
    None,
    /// It may show a secret; a wrong one is worse than none.
    Optional,
    Required,
}

/// Why there is no such client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClientFault {
    /// It was never a client, or the key that sealed its registration is gone.
    #[error("no such client is known: it never registered here, or under a sealing key that this server does not have")]
    Unknown,
    #[error("the client registered before registrations were ended")]
    Ended,
    #[error("the client is denied by the operator")]
    Denied,
    #[error("the client's document is of no use")]
    Document(#[source] DocumentFault),
}

impl ClientFault {
    /// Returns what a client is told; SDKs register again when they read `invalid_client`.
    pub(super) const fn code(&self) -> OAuthCode {
        match self {
            Self::Document(fault) if fault.is_passing() => OAuthCode::TemporarilyUnavailable,
            Self::Unknown | Self::Ended | Self::Denied | Self::Document(_) => OAuthCode::InvalidClient,
        }
    }
}

/// Why a client gets no code at a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RedirectFault {
    #[error("the redirect URI is not on this server's list")]
    NotAllowed(#[source] RedirectError),
    #[error("the redirect URI is none of the client's own")]
    NotOwn,
}

impl Preregistered {
    /// Takes the app's id; a secret without content is none.
    pub(super) fn new(id: &str, secret: Option<SecretString>) -> Self {
        use secrecy::ExposeSecret as _;
        Self { id: id.to_ascii_lowercase().into(), secret: secret.filter(|secret| !secret.expose_secret().is_empty()) }
    }
}

impl Clients {
    /// Finds a client by its `client_id`.
    pub(super) async fn find(&self, id: &str) -> Result<Client, ClientFault> {
        // Before a document is fetched or a seal is opened.
        if self.denied.contains(&self.digest_of(id)) {
            return Err(ClientFault::Denied);
        }
        if self.is_preregistered(id) {
            return Ok(self.client(id, ClientKind::Preregistered, None, OwnRedirects::Unlisted, Proof::Optional));
        }
        if id.starts_with(registered::PREFIX) {
            return self.registered(id);
        }
        match &self.documents {
            Some(documents) if id.starts_with("https://") => self.documented(id, documents).await,
            _ => Err(ClientFault::Unknown),
        }
    }

    /// Returns what stands for a client in logs and in what is sealed; an app's id may be written in either case.
    pub(super) fn digest_of(&self, id: &str) -> ClientDigest {
        if self.is_preregistered(id) { ClientDigest::of(&id.to_ascii_lowercase()) } else { ClientDigest::of(id) }
    }

    fn is_preregistered(&self, id: &str) -> bool {
        self.preregistered.as_ref().is_some_and(|own| own.id.eq_ignore_ascii_case(id))
    }

    fn registered(&self, id: &str) -> Result<Client, ClientFault> {
        let registration = Registration::open(&self.ring, id).ok_or(ClientFault::Unknown)?;
        if UnixTime::from_secs(registration.issued) < self.not_before {
            return Err(ClientFault::Ended);
        }
        let proof = match registration.method {
            Method::None => Proof::None,
            Method::Basic | Method::Post => Proof::Required,
        };
        let redirects = OwnRedirects::Listed(registration.redirects);
        Ok(self.client(id, ClientKind::Registered, registration.name, redirects, proof))
    }

    async fn documented(&self, id: &str, documents: &Documents) -> Result<Client, ClientFault> {
        let document = documents.get(id).await.map_err(ClientFault::Document)?;
        let kind = ClientKind::Document { host: document.host.clone() };
        let redirects = OwnRedirects::Listed(document.redirects.clone());
        Ok(self.client(id, kind, document.name.clone(), redirects, Proof::None))
    }

    fn client(
        &self,
        id: &str,
        kind: ClientKind,
        name: Option<Box<str>>,
        redirects: OwnRedirects,
        proof: Proof,
    ) -> Client {
        Client {
            id: id.into(),
            digest: self.digest_of(id),
            kind,
            name,
            redirects,
            proof,
            allowlist: self.allowlist.clone(),
        }
    }
}

impl Client {
    /// Returns the id as it was given.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Returns what stands for the client in what is sealed: ids are up to 2 KB long, and cookies must take them.
    pub(super) fn digest(&self) -> ClientDigest {
        self.digest.clone()
    }

    pub(super) const fn kind(&self) -> &ClientKind {
        &self.kind
    }

    /// Returns the name that the client gives itself; nobody has checked it.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Judges where the client wants its code: first by the operator's list, as it is today, then by the client's own.
    pub(super) fn redirect(&self, candidate: &str) -> Result<AllowedRedirect, RedirectFault> {
        let allowed = self.allowlist.check(candidate).map_err(RedirectFault::NotAllowed)?;
        match &self.redirects {
            OwnRedirects::Unlisted => Ok(allowed),
            OwnRedirects::Listed(own) if own.iter().any(|own| is_same(own, candidate)) => Ok(allowed),
            OwnRedirects::Listed(_) => Err(RedirectFault::NotOwn),
        }
    }
}

/// RFC 8252 section 7.3: the port of a loopback URI is whichever is free, and all else is compared as it is written.
fn is_same(own: &str, candidate: &str) -> bool {
    own == candidate || without_port(own).is_some_and(|own| without_port(candidate) == Some(own))
}

/// Returns a loopback URI without its port, and nothing for others.
fn without_port(uri: &str) -> Option<Url> {
    let mut url = Url::parse(uri).ok()?;
    if url.scheme() != "http" || !url.host_str().is_some_and(is_loopback) {
        return None;
    }
    url.set_port(None).ok()?;
    Some(url)
}
