//! The layer's configuration.

use tower_layer::Layer;

use super::{BypassGuard, OpenHatches, Permit};
use crate::audit;

/// Puts the permits of open hatches into requests; see the [module docs](super).
///
/// # Defaults
/// All hatches closed.
#[derive(Clone, Debug, Default)]
pub struct BypassGuardLayer {
    open: OpenHatches,
}

impl BypassGuardLayer {
    /// Opens the hatches of these permits, and announces each.
    ///
    /// Of several permits for one hatch the first counts.
    #[must_use]
    pub fn new(permits: impl IntoIterator<Item = Permit>) -> Self {
        let open = OpenHatches::new(permits);
        for permit in open.iter() {
            audit::opened(permit.hatch().name());
        }
        Self { open }
    }
}

impl<S> Layer<S> for BypassGuardLayer {
    type Service = BypassGuard<S>;

    fn layer(&self, inner: S) -> BypassGuard<S> {
        BypassGuard::new(inner, self.open.clone())
    }
}
