//! The events that a test causes.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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

use crate::logging::is_fit_to_print;

/// The fields of one event, its message among them.
pub type Fields = BTreeMap<String, String>;

/// Everything that was logged on this thread since the start, at every level, as far as the program would write it.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<(String, Fields)>>>);

impl Log {
    /// Records until the guard is dropped.
    #[must_use]
    pub fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard =
            tracing::subscriber::set_default(Registry::default().with(filter_fn(is_fit_to_print)).with(log.clone()));
        (log, guard)
    }

    /// Returns the events of the bearer layer's audit trail so far.
    #[must_use]
    pub fn audit(&self) -> Vec<Fields> {
        self.trail(mcp_auth_layer::audit::TARGET)
    }

    /// Returns the events of one target so far.
    #[must_use]
    pub fn trail(&self, wanted: &str) -> Vec<Fields> {
        let events = self.events();
        events.iter().filter(|(target, _)| target == wanted).map(|(_, fields)| fields.clone()).collect()
    }

    /// Returns the events of the exchange crate's audit trail so far that are of this decision.
    #[must_use]
    pub fn audited(&self, decision: &str) -> Vec<Fields> {
        let mut own = self.trail(mcp_obo::audit::TARGET);
        own.retain(|fields| fields.get("decision").is_some_and(|it| it == decision));
        own
    }

    /// Returns the last event of the bearer layer's audit trail.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn last_audit(&self) -> Fields {
        self.audit().pop().expect("something was audited")
    }

    /// Returns everything, as text.
    #[must_use]
    pub fn everything(&self) -> String {
        format!("{:?}", self.events())
    }

    fn events(&self) -> MutexGuard<'_, Vec<(String, Fields)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut read = Reader::default();
        event.record(&mut read);
        self.events().push((event.metadata().target().to_owned(), read.0));
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
