//! The only place that reads the environment.

use std::{env, path::PathBuf};

/// Where this service is registered.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) secret_file: PathBuf,
}

impl Settings {
    /// Reads the three variables, and names those that are missing or blank, all at once.
    pub(crate) fn from_env() -> Result<Self, String> {
        let mut missing = Vec::new();
        let mut read = |name: &'static str| {
            #[allow(clippy::disallowed_methods, reason = "this is the one reader")]
            let value = env::var(name).unwrap_or_default();
            if value.trim().is_empty() {
                missing.push(name);
            }
            value
        };
        let settings = Self {
            tenant: read("ENTRA_TENANT_ID"),
            client_id: read("ENTRA_CLIENT_ID"),
            secret_file: read("ENTRA_CLIENT_SECRET_FILE").into(),
        };
        if missing.is_empty() { Ok(settings) } else { Err(format!("set {}", missing.join(", "))) }
    }
}
