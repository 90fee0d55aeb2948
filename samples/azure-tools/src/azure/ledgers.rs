//! Confidential ledgers: each has a certificate of its own making, which no public authority knows.
//!
//! It is fetched from the ledgers' identity service, over public TLS and without a token (`Confidential Ledger Certificate -
//! Get Ledger Identity`, api-version 2022-05-13), and is then the only root that is trusted for the ledger's host.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use mcp_auth_layer::fetch::{Egress, FetchLimits, HttpClient};
use mcp_obo::Downstream;
use moka::future::Cache;
use serde_json::Value;
use server_kit::failure::{Failure, Who};
use tracing::Instrument as _;

use super::limits;
use crate::services::Service;

/// Where every ledger's certificate is.
pub(crate) const IDENTITY: &str = "https://identity.confidential-ledger.core.azure.com/ledgerIdentity";

/// A ledger's certificate lasts for months; an hour is short enough to notice that one was withdrawn.
const FRESH: Duration = Duration::from_secs(3_600);
const MOST: u64 = 64;

/// A ledger, seen from here.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) api: Downstream,
    pub(super) http: HttpClient,
    pub(super) name: String,
}

/// The connections to ledgers, each with its own trust.
#[derive(Clone, Debug)]
pub(super) struct Ledgers {
    egress: Egress,
    known: Cache<String, HttpClient>,
}

impl Ledgers {
    pub(super) fn new(egress: Egress) -> Self {
        Self { egress, known: Cache::builder().max_capacity(MOST).time_to_live(FRESH).build() }
    }

    /// Returns the client that trusts this ledger; `http` asks the identity service, once for all who wait.
    pub(super) async fn http(&self, http: &HttpClient, name: &str) -> Result<HttpClient, Failure> {
        if let Some(known) = self.known.get(name).await {
            return Ok(known);
        }
        let (own, http, name) = (self.clone(), http.clone(), name.to_owned());
        // In a task of its own: whoever asked first may leave, and the others would have to begin again.
        let made = async move { own.known.try_get_with(name.clone(), own.make(&http, &name)).await };
        let made = tokio::spawn(made.in_current_span());
        let made = made.await.map_err(|_| named(Failure::unavailable(WHOM, None)))?;
        made.map_err(|failure: Arc<Failure>| Failure::clone(&failure))
    }

    pub(super) async fn forget(&self, name: &str) {
        self.known.invalidate(name).await;
    }

    async fn make(&self, http: &HttpClient, name: &str) -> Result<HttpClient, Failure> {
        let request = Request::get(format!("{IDENTITY}/{name}?api-version=2022-05-13")).body(Bytes::new());
        let request = request.map_err(|_| unknown(name))?;
        let answer = http.send(request).await.map_err(|error| named(Failure::unavailable(WHOM, error.fault())))?;
        match answer.status() {
            status if status.is_success() => {}
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => return Err(unknown(name)),
            _ => return Err(named(Failure::unavailable(WHOM, None))),
        }
        let identity: Value = serde_json::from_slice(answer.body()).map_err(|_| unreadable())?;
        let pem = identity["ledgerTlsCertificate"].as_str().ok_or_else(unreadable)?;
        let egress = self.egress.clone().trusting_only(pem.as_bytes()).map_err(|_| unreadable())?;
        let bounds: FetchLimits = limits();
        HttpClient::reqwest_through(bounds, &egress).map_err(|_| unreadable())
    }
}

const WHOM: &str = "The identity service of the ledgers";

fn named(mut failure: Failure) -> Failure {
    failure.service = Some(Service::ConfidentialLedger.name());
    failure
}

fn unknown(name: &str) -> Failure {
    named(Failure::new(
        "service_not_found",
        Who::Caller,
        format!("{WHOM} does not know a ledger named {name}."),
        "Check the name; a new ledger takes minutes to appear.",
    ))
}

fn unreadable() -> Failure {
    named(Failure::new(
        "service_unreadable",
        Who::Nobody,
        format!("{WHOM} gave no certificate that this server can read. Nothing was sent to the ledger."),
        "Try again later.",
    ))
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use http::Response;
    use tokio::{sync::Notify, task::yield_now};
    use tower::service_fn;

    use super::*;

    #[tokio::test]
    async fn those_who_wait_get_the_answer_though_whoever_asked_first_has_left() {
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, held) = (Arc::clone(&asked), Arc::clone(&gate));
        let http = HttpClient::new(service_fn(move |_: Request<Bytes>| {
            count.fetch_add(1, Ordering::Relaxed);
            let held = Arc::clone(&held);
            async move {
                held.notified().await;
                let mut answer = Response::new(Bytes::new());
                *answer.status_mut() = StatusCode::NOT_FOUND;
                Ok::<_, Infallible>(answer)
            }
        }));
        let ledgers = Ledgers::new(Egress::default());
        let ask = || {
            let (ledgers, http) = (ledgers.clone(), http.clone());
            tokio::spawn(async move { ledgers.http(&http, "contoso").await.unwrap_err().kind })
        };
        let first = ask();
        while asked.load(Ordering::Relaxed) == 0 {
            yield_now().await;
        }
        let second = ask();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        gate.notify_one();
        assert_eq!((second.await.unwrap(), asked.load(Ordering::Relaxed)), ("service_not_found", 1));
    }
}
