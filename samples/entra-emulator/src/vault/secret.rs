//! Secrets that are no certificate's.

use std::fmt;

/// A secret of a key vault.
#[derive(Clone)]
pub struct VaultSecret {
    pub(crate) value: String,
    pub(crate) content_type: Option<String>,
}

impl VaultSecret {
    /// Makes a secret without a content type.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), content_type: None }
    }

    /// Sets the content type, which the vault stores and does not look at.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }
}

impl From<&str> for VaultSecret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for VaultSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultSecret").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}
