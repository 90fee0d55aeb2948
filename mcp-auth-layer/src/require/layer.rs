//! The layer's configuration.

use std::sync::Arc;

use tower_layer::Layer;

use super::Require;
use crate::{
    clock::{Clock, SystemClock},
    policy::AccessPolicy,
};

/// Requires what a policy asks for; see the [module docs](super).
///
/// # Defaults
/// The age of a sign-in is measured by the system's clock.
#[derive(Clone, Debug)]
pub struct RequireLayer {
    access: Arc<AccessPolicy>,
    clock: Arc<dyn Clock>,
}

impl RequireLayer {
    /// Requires what this policy asks for.
    #[must_use]
    pub fn new(access: impl Into<AccessPolicy>) -> Self {
        Self { access: Arc::new(access.into()), clock: Arc::new(SystemClock) }
    }

    /// Uses another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require::new(inner, Arc::clone(&self.access), Arc::clone(&self.clock))
    }
}
