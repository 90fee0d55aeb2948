//! Client-id metadata documents: a client's id is the https URL at which its publisher describes it.
//!
//! Anybody can write a URL into a request, so this is somebody else's way of making this server ask for things. It asks only
//! hosts that the operator named, over https, without redirects, and only at addresses of the open internet; see
//! [`PublicSource`]. What it read is kept: each document for as long as its host says, between five minutes and a day. One that
//! cannot be read again stays good for a week, because publishers' pages have been error pages for hours, but not one that its
//! publisher took back; and whatever went wrong is not tried again for a minute.

mod address;
mod content;
mod fault;
mod public_address;
#[cfg(feature = "reqwest")]
mod source;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;
use moka::{future::Cache, ops::compute::Op, policy::EvictionPolicy};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

pub use self::address::DocumentHosts;
#[cfg(feature = "reqwest")]
pub(in crate::proxy) use self::source::PublicSource;
pub(in crate::proxy) use self::{address::Address, content::Document, fault::DocumentFault};
use crate::boxed::BoxFuture;

const MAX_BODY: usize = 64 << 10;
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Nobody has as many clients.
const MAX_DOCUMENTS: u64 = 1_000;

/// Made-up URLs have no document, and are not asked for faster than this lets them.
const AT_ONCE: usize = 8;

const PAUSE_AFTER_FAULT: Duration = Duration::from_secs(60);

/// Whoever waits for the same document need not wait for a turn of his own; and made-up URLs must not shut out real ones.
const PAUSE_WHEN_BUSY: Duration = Duration::from_secs(1);

/// How long a document is good that cannot be read again.
const LAST_GOOD: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Reads documents; the seam for tests.
pub(in crate::proxy) trait DocumentSource: fmt::Debug + Send + Sync + 'static {
    /// Returns the answer of status 200 from this very address.
    fn fetch<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Fetched, DocumentFault>>;
}

/// What lay at an address.
#[derive(Debug)]
pub(in crate::proxy) struct Fetched {
    pub(in crate::proxy) body: Bytes,
    pub(in crate::proxy) headers: HeaderMap,
}

/// The documents of clients.
#[derive(Clone)]
pub(in crate::proxy) struct Documents {
    hosts: DocumentHosts,
    source: Arc<dyn DocumentSource>,
    good: Cache<String, Good>,
    /// Apart from the good ones, because anybody can make up URLs without a document, and would drive them out.
    failed: Cache<String, Failed>,
    at_once: Arc<Semaphore>,
}

#[derive(Clone)]
struct Good {
    document: Arc<Document>,
    read: Instant,
    look_again: Instant,
}

#[derive(Clone, Copy)]
struct Failed {
    fault: DocumentFault,
    look_again: Instant,
}

impl Documents {
    pub(in crate::proxy) fn new(hosts: DocumentHosts, source: impl DocumentSource) -> Self {
        Self {
            hosts,
            source: Arc::new(source),
            good: least_recently_used(),
            failed: least_recently_used(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Returns the document of a client, read now or kept.
    pub(super) async fn get(&self, id: &str) -> Result<Arc<Document>, DocumentFault> {
        let address = Address::read(id, &self.hosts)?;
        if let Some(known) = self.known(id, self.good.get(id).await).await {
            return known;
        }
        let mut answer = Err(DocumentFault::Unreachable);
        // One asks for all who want the same document; the others find what it has found.
        let turn = self.good.entry_by_ref(id).and_compute_with(async |entry| {
            let old = entry.map(moka::Entry::into_value);
            if let Some(known) = self.known(id, old.clone()).await {
                answer = known;
                return Op::Nop;
            }
            match self.read(&address).await {
                Ok(good) => {
                    answer = Ok(Arc::clone(&good.document));
                    Op::Put(good)
                }
                Err(fault) => {
                    let pause = if fault == DocumentFault::Busy { PAUSE_WHEN_BUSY } else { PAUSE_AFTER_FAULT };
                    let failed = Failed { fault, look_again: Instant::now() + pause };
                    self.failed.insert(id.to_owned(), failed).await;
                    answer = failed.or_last_good(old);
                    Op::Nop
                }
            }
        });
        turn.await;
        answer
    }

    /// Returns what can be answered without asking anybody.
    async fn known(&self, id: &str, good: Option<Good>) -> Option<Result<Arc<Document>, DocumentFault>> {
        let now = Instant::now();
        match good {
            Some(good) if good.look_again > now => Some(Ok(good.document)),
            good => {
                let failed = self.failed.get(id).await.filter(|failed| failed.look_again > now)?;
                Some(failed.or_last_good(good))
            }
        }
    }

    async fn read(&self, address: &Address) -> Result<Good, DocumentFault> {
        let read = self.fetch(address).await.and_then(|fetched| {
            let (document, now) = (Document::read(address, &fetched.body)?, Instant::now());
            Ok(Good { document: Arc::new(document), read: now, look_again: now + content::life(&fetched.headers) })
        });
        read.inspect_err(|fault| {
            tracing::warn!(host = address.host(), %fault, "a client's document could not be read");
        })
    }

    async fn fetch(&self, address: &Address) -> Result<Fetched, DocumentFault> {
        let turn = timeout(MAX_WAIT, self.at_once.acquire()).await;
        let _turn = turn.ok().and_then(Result::ok).ok_or(DocumentFault::Busy)?;
        timeout(MAX_WAIT, self.source.fetch(address)).await.unwrap_or(Err(DocumentFault::Unreachable))
    }
}

impl Failed {
    fn or_last_good(self, good: Option<Good>) -> Result<Arc<Document>, DocumentFault> {
        let good = good.filter(|good| good.read.elapsed() < LAST_GOOD && !self.fault.takes_it_back());
        good.map(|good| good.document).ok_or(self.fault)
    }
}

fn least_recently_used<V: Clone + Send + Sync + 'static>() -> Cache<String, V> {
    Cache::builder().max_capacity(MAX_DOCUMENTS).eviction_policy(EvictionPolicy::lru()).build()
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").field("hosts", &self.hosts).field("source", &self.source).finish_non_exhaustive()
    }
}
