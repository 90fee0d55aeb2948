//! The layer's configuration.

use std::{sync::Arc, time::Duration};

use tower_layer::Layer;

use super::{SessionBinding, table::Sessions};

/// Binds each MCP session to the caller who opened it; see the [module docs](super).
///
/// Clones share the table: use clones where several routes lead to one server.
///
/// # Defaults
/// At most 100,000 sessions, each until it was not used for 24 hours.
#[derive(Clone, Debug)]
pub struct SessionBindingLayer {
    capacity: u64,
    idle: Duration,
    sessions: Arc<Sessions>,
}

impl SessionBindingLayer {
    /// Remembers at most so many sessions; beyond, the one unused for longest goes.
    ///
    /// With zero every session is unknown. The table starts empty.
    #[must_use]
    pub fn with_capacity(self, capacity: u64) -> Self {
        Self::new(capacity, self.idle)
    }

    /// Forgets a session that was not used for so long.
    ///
    /// Give it more than the server's own limit, or a session dies here first. The table starts empty.
    #[must_use]
    pub fn with_idle(self, idle: Duration) -> Self {
        Self::new(self.capacity, idle)
    }

    fn new(capacity: u64, idle: Duration) -> Self {
        Self { capacity, idle, sessions: Arc::new(Sessions::new(capacity, idle)) }
    }
}

impl Default for SessionBindingLayer {
    fn default() -> Self {
        Self::new(CAPACITY, IDLE)
    }
}

impl<S> Layer<S> for SessionBindingLayer {
    type Service = SessionBinding<S>;

    fn layer(&self, inner: S) -> SessionBinding<S> {
        SessionBinding::new(inner, Arc::clone(&self.sessions))
    }
}

const CAPACITY: u64 = 100_000;
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);
