//! One certificate for each name that a client asks for, made when it is first asked for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::Authority;

/// Certificates by name, all of one authority.
#[derive(Debug)]
pub(crate) struct Leaves {
    authority: Arc<Authority>,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Leaves {
    pub(crate) fn new(authority: Arc<Authority>) -> Self {
        Self { authority, made: Mutex::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(name) {
            return Some(Arc::clone(known));
        }
        let leaf = Arc::new(self.authority.certify(&[name]).ok()?);
        made.insert(name.to_owned(), Arc::clone(&leaf));
        Some(leaf)
    }
}

/// The certificates of one host: a client that asks there for another name, or for none, gets no handshake.
#[derive(Debug)]
pub(crate) struct OfHost {
    pub(crate) leaves: Arc<Leaves>,
    pub(crate) host: String,
}

impl ResolvesServerCert for OfHost {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name()?;
        if asked.eq_ignore_ascii_case(&self.host) { self.leaves.get(&self.host) } else { None }
    }
}
