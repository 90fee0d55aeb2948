//! What is counted when requests pass and are refused.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    bearer::BearerLayer,
    testtenant::{changed, claims, token, verifier},
};

/// Keeps what a test counts.
#[derive(Debug, Default)]
struct Counts(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Counts {
    fn taken(&self) -> BTreeMap<String, u64> {
        let counts = self.0.lock().unwrap();
        counts.iter().map(|(name, count)| (name.clone(), count.load(std::sync::atomic::Ordering::SeqCst))).collect()
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn decisions_and_verdicts_are_counted_under_closed_labels() {
    let counts = Counts::default();
    let _guard = metrics::set_default_local_recorder(&counts);
    let layer = BearerLayer::with_verifier(verifier().0).require_scope("access_as_user").unwrap();
    let service = layer.layer(service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(Bytes::new())) }));
    let good = token(&claims());
    let invented = token(&changed(&[("scp", json!("invented-by-a-caller"))]));
    for credential in [Some(&good), Some(&good), Some(&good), Some(&invented), None] {
        let mut request = Request::new(());
        if let Some(token) = credential {
            request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        service.clone().oneshot(request).await.unwrap();
    }
    let expected = [
        ("mcp_auth_decisions_total{decision=admitted,reason=}", 3),
        ("mcp_auth_decisions_total{decision=refused,reason=no_credentials}", 1),
        ("mcp_auth_decisions_total{decision=refused,reason=scope}", 1),
        ("mcp_auth_verdicts_total{known=no}", 2),
        ("mcp_auth_verdicts_total{known=yes}", 2),
    ];
    assert_eq!(counts.taken(), expected.map(|(name, count)| (name.to_owned(), count)).into());
}
