//! One service that answers at once with nothing, and what each crate puts before it.
//!
//! Each is given what somebody who read its manual and wants it to be fast would give it: its fastest signature check, keys
//! that are already there, typed claims. Where a crate can check a thing that ours checks, it does; what it cannot check its
//! note says. Nobody logs: no subscriber and no logger is installed.

pub mod axum_jwt_auth;
pub mod floor;
pub mod jwt_authorizer;
pub mod oauth_resource_server;
pub mod ours;
pub mod tower_mcp;
pub mod tower_oauth2;

use std::{convert::Infallible, error::Error, future::ready, io};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Service, service_fn};

use crate::issuer::{self, Issuer};

/// What goes wrong before anything is measured.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The body of answers, where a crate does not insist on another.
pub type Answer = Full<Bytes>;

/// The keys, for those that take them and for those that fetch them.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The document.
    pub jwks: String,
    /// Where it is served.
    pub url: String,
}

impl Keys {
    /// Serves an issuer's keys.
    ///
    /// # Errors
    /// When no port can be had.
    pub fn of(issuer: &Issuer) -> io::Result<Self> {
        let jwks = issuer.jwks();
        Ok(Self { url: issuer::serve(jwks.clone())?, jwks })
    }
}

/// What a peer is called in the rows, and what must be said about it.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The crate's name.
    pub name: &'static str,
    /// How it was set up, and what it does not check.
    pub note: &'static str,
}

impl Peer {
    const fn new(name: &'static str, note: &'static str) -> Self {
        Self { name, note }
    }

    /// Returns name and version, the version as the lock file has it.
    ///
    /// # Errors
    /// When the lock file does not have it.
    pub fn who(&self) -> io::Result<String> {
        let entry = format!("name = \"{}\"\nversion = \"", self.name);
        let rest = include_str!("../../Cargo.lock").split_once(&entry).map(|(_, rest)| rest);
        let version = rest.and_then(|rest| rest.split('"').next());
        let version = version.ok_or_else(|| io::Error::other(format!("{} is not in the lock file", self.name)))?;
        Ok(format!("{} {version}", self.name))
    }
}

/// A service, and what stands before it.
pub trait Stack<B, R>:
    Service<Request<B>, Response = Response<R>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<B, R, S> Stack<B, R> for S where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// The service behind every layer: 200, no body.
pub fn hello<B, R>() -> impl Stack<B, R>
where
    B: 'static,
    R: Default + Send + 'static,
{
    service_fn(|_: Request<B>| ready(Ok(Response::new(R::default()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_has_a_version() {
        for peer in [
            axum_jwt_auth::PEER,
            jwt_authorizer::PEER,
            oauth_resource_server::PEER,
            tower_mcp::PEER,
            tower_oauth2::PEER,
        ] {
            let who = peer.who().unwrap();
            let version = who.strip_prefix(peer.name).unwrap().trim();
            assert!(version.split('.').filter_map(|part| part.parse::<u32>().ok()).count() == 3, "{who}");
        }
    }
}
