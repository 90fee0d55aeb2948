//! The events that a test causes.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use server_kit::logging::is_fit_to_print;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Registry,
    filter::filter_fn,
    layer::{Context, Layer, SubscriberExt},
};

/// The target of the audit trail.
const AUDIT: &str = "mcp_auth::audit";

/// The fields of one event, its message among them.
pub(crate) type Fields = BTreeMap<String, String>;

/// Everything that was logged on this thread since the start, at every level, as far as the program would write it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(String, Fields)>>>);

impl Log {
    pub(super) fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard =
            tracing::subscriber::set_default(Registry::default().with(filter_fn(is_fit_to_print)).with(log.clone()));
        (log, guard)
    }

    /// Returns the audit events so far.
    pub(crate) fn audit(&self) -> Vec<Fields> {
        self.trail(AUDIT)
    }

    /// Returns the events of one target so far.
    pub(crate) fn trail(&self, wanted: &str) -> Vec<Fields> {
        let events = self.0.lock().unwrap();
        events.iter().filter(|(target, _)| target == wanted).map(|(_, fields)| fields.clone()).collect()
    }

    /// Returns the last audit event.
    pub(crate) fn last_audit(&self) -> Fields {
        self.audit().pop().expect("something was audited")
    }

    /// Returns everything, as text.
    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut read = Reader::default();
        event.record(&mut read);
        self.0.lock().unwrap().push((event.metadata().target().to_owned(), read.0));
    }
}

#[derive(Default)]
struct Reader(Fields);

impl Visit for Reader {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
