//! When keys are fetched, and how long they are used.

use std::time::Duration;

/// Bounds of a remote key set.
///
/// # Defaults
/// Refreshed in the background after 54 to 60 minutes, served for up to 24 hours while the issuer does not answer, at most one fetch
/// every 30 s for unknown keys, and every 5 s after a failure. A key that the issuer did not have is not asked for again for
/// 2 minutes.
#[derive(Clone, Copy, Debug)]
pub struct KeyLimits {
    pub(crate) refresh_after: Duration,
    pub(crate) serve_for: Duration,
    pub(crate) cool_down: Duration,
    pub(crate) retry_after: Duration,
    pub(crate) unknown_for: Duration,
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self {
            refresh_after: Duration::from_secs(60 * 60),
            serve_for: Duration::from_secs(24 * 60 * 60),
            cool_down: Duration::from_secs(30),
            retry_after: Duration::from_secs(5),
            unknown_for: Duration::from_secs(120),
        }
    }
}

impl KeyLimits {
    /// Sets the age at which the set is refreshed in the background, at the latest.
    ///
    /// Each set is refreshed up to a tenth earlier, so that replicas do not ask all at once.
    #[must_use]
    pub const fn with_refresh_after(mut self, age: Duration) -> Self {
        self.refresh_after = age;
        self
    }

    /// Sets the age up to which the set is used while the issuer does not answer.
    #[must_use]
    pub const fn with_serve_for(mut self, age: Duration) -> Self {
        self.serve_for = age;
        self
    }

    /// Sets the pause between two fetches for unknown keys.
    #[must_use]
    pub const fn with_cool_down(mut self, pause: Duration) -> Self {
        self.cool_down = pause;
        self
    }

    /// Sets for how long a key that the issuer did not have is not asked for again.
    ///
    /// A key that appears meanwhile is found by the next refresh for any other reason.
    #[must_use]
    pub const fn with_unknown_for(mut self, pause: Duration) -> Self {
        self.unknown_for = pause;
        self
    }

    /// Sets the pause after a fetch that failed.
    #[must_use]
    pub const fn with_retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = pause;
        self
    }
}
