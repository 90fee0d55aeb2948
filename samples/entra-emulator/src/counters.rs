//! Counts of what was asked, so that a test can say "one".

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use crate::place::Place;

/// How often each thing was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// Discovery documents, v1 and v2.
    pub discovery: u64,
    /// Key documents.
    pub keys: u64,
    /// Authorization requests.
    pub authorize: u64,
    /// Redemptions of an authorization code.
    pub code: u64,
    /// Refreshes.
    pub refresh: u64,
    /// Client-credentials requests.
    pub client_credentials: u64,
    /// Authentications by a good client secret.
    pub by_secret: u64,
    /// Authentications by a certificate's good assertion.
    pub by_certificate: u64,
    /// Authentications by a workload's good token.
    pub by_federated_token: u64,
    /// On-Behalf-Of requests, successful or not.
    pub obo: u64,
    /// The same by user name.
    pub obo_by_user: BTreeMap<String, u64>,
    /// Requests for Graph's message list.
    pub graph_messages: u64,
    /// Other Graph requests.
    pub graph_other: u64,
    /// Graph requests with a token that Graph accepted, by user name.
    pub graph_by_user: BTreeMap<String, u64>,
    /// The same with an app's own token, by client id.
    pub graph_by_app: BTreeMap<String, u64>,
    /// Requests to the managed-identity endpoints, successful or not.
    pub managed_identity: u64,
    /// Tokens that they gave, by the identity's client id.
    pub managed_identity_tokens: BTreeMap<String, u64>,
    /// Requests to the key vault without a good token.
    pub vault_challenges: u64,
    /// Secrets that the key vault gave out.
    pub vault_secrets: u64,
    /// Certificates that it gave out.
    pub vault_certificates: u64,
    /// Signatures that it made.
    pub vault_signatures: u64,
    /// Requests to Azure's services with a good token, by service and then by user name or by client id.
    pub azure: BTreeMap<String, BTreeMap<String, u64>>,
    /// Requests to them without a good token, by service.
    pub azure_unauthenticated: BTreeMap<String, u64>,
    /// Requests to them with an account key or a shared access signature, by service.
    pub azure_local: BTreeMap<String, u64>,
    /// Requests for a ledger's identity, which need no token.
    pub ledger_identity: u64,
    /// Tunnels that the network's proxy opened, by host.
    pub connects: BTreeMap<String, u64>,
    /// Tunnels that it refused to open, by host.
    pub connects_refused: BTreeMap<String, u64>,
    /// Requests that it answered with 407.
    pub proxy_challenges: u64,
    /// Requests to it that were no CONNECT, and were refused.
    pub proxy_plain: u64,
}

impl Counters {
    /// Counts a client by the kind of its credential.
    pub(crate) fn authenticated(&mut self, place: Place) {
        match place {
            Place::ClientSecret => self.by_secret += 1,
            Place::ClientCertificate => self.by_certificate += 1,
            Place::FederatedToken => self.by_federated_token += 1,
            _ => {}
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counting(Mutex<Counters>);

impl Counting {
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn snapshot(&self) -> Counters {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reset(&self) {
        self.count(|counters| *counters = Counters::default());
    }
}
