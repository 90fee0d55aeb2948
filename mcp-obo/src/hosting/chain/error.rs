//! Why a whole chain has no token.

use super::attempts::Attempts;

/// No credential of the chain gave a token.
///
/// It is the source of the [`ExchangeError`](crate::ExchangeError); its text is one line with the reason of each.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no credential gave a token: {}", attempts.summary())]
pub struct NoCredential {
    attempts: Attempts,
}

impl NoCredential {
    pub(super) const fn of(attempts: Attempts) -> Self {
        Self { attempts }
    }

    /// Returns each credential's turn.
    #[must_use]
    pub const fn attempts(&self) -> &Attempts {
        &self.attempts
    }
}
