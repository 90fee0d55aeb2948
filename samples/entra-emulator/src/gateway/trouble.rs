//! Trouble of the network itself, switched on by host name.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use http::HeaderMap;
use serde::Deserialize;
use tokio::sync::watch;

use super::Credentials;

/// What goes wrong on the way to a host.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NetworkFault {
    /// The proxy answers 502: it cannot resolve the name.
    NameNotFound,
    /// The proxy answers 504: the host did not take the connection in time.
    TimedOut,
    /// Nobody answers, until the fault is cleared or replaced.
    Silent,
    /// The tunnel opens, and the connection is reset.
    Reset,
    /// The tunnel opens, and TLS shows a certificate of an authority that nobody trusts.
    ForeignAuthority,
}

/// Who may use the network, and its trouble by host; the empty name stands for all hosts.
#[derive(Debug)]
pub(crate) struct Network {
    credentials: Option<Credentials>,
    faults: Mutex<HashMap<String, NetworkFault>>,
    changed: watch::Sender<()>,
}

impl Network {
    pub(crate) fn new(credentials: Option<Credentials>) -> Self {
        Self { credentials, faults: Mutex::default(), changed: watch::Sender::default() }
    }

    /// Sets or clears a fault for a host, or with an empty name for all.
    pub(crate) fn set(&self, host: &str, fault: Option<NetworkFault>) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => faults.insert(host.to_ascii_lowercase(), fault),
            None => faults.remove(&host.to_ascii_lowercase()),
        };
        drop(faults);
        self.changed.send_replace(());
    }

    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        self.credentials.as_ref().is_none_or(|credentials| credentials.are_in(headers))
    }

    /// Waits as long as the trouble wants it; returns what else it wants.
    pub(super) async fn fault(&self, host: &str) -> Option<NetworkFault> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            match self.switched(host)? {
                NetworkFault::Silent => changed.changed().await.ok()?,
                fault => return Some(fault),
            }
        }
    }

    fn switched(&self, host: &str) -> Option<NetworkFault> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.get(host).or_else(|| faults.get("")).copied()
    }
}
