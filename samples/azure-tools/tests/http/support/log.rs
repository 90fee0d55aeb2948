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

type Fields = BTreeMap<String, String>;

/// What was logged on this thread, at every level, as far as the program would write it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<(String, Fields)>>>);

impl Log {
    pub(super) fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let recording = Registry::default().with(filter_fn(is_fit_to_print)).with(log.clone());
        let guard = tracing::subscriber::set_default(recording);
        (log, guard)
    }

    /// Returns the events of the exchange crate's audit trail so far, by their decision.
    pub(crate) fn audited(&self, decision: &str) -> Vec<Fields> {
        let events = self.0.lock().unwrap();
        let own = events.iter().filter(|(target, _)| target == mcp_obo::audit::TARGET).map(|(_, fields)| fields);
        own.filter(|fields| fields.get("decision").is_some_and(|it| it == decision)).cloned().collect()
    }

    /// Returns everything, as text.
    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Read::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((event.metadata().target().to_owned(), fields.0));
    }
}

#[derive(Default)]
struct Read(Fields);

impl Visit for Read {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
