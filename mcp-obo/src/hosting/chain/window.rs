//! How a sign-in comes before a person.

use std::{fmt, io, sync::Arc, time::Duration};

use crate::boxed::BoxFuture;

/// Shows an address to the person at this machine.
pub trait Opener: fmt::Debug + Send + Sync {
    /// Tells whether there could be a window, before anybody is asked for anything.
    ///
    /// # Errors
    /// When there could be none.
    fn check(&self) -> io::Result<()> {
        Ok(())
    }

    /// Opens a window, and does not wait for what people do in it.
    ///
    /// # Errors
    /// When there is no window to open.
    fn open<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<()>>;
}

/// The app that Azure's own developer tools and SDKs sign people in as, where they are given no other.
const DEVELOPER_SIGN_ON: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// How people sign in to a browser.
///
/// # Defaults
/// As the app of Azure's developer tools, within 300 s, in the browser that the desktop opens addresses with.
#[derive(Clone)]
pub struct BrowserOptions {
    pub(super) client_id: String,
    pub(super) patience: Duration,
    pub(super) opener: Option<Arc<dyn Opener>>,
}

impl Default for BrowserOptions {
    fn default() -> Self {
        Self { client_id: DEVELOPER_SIGN_ON.to_owned(), patience: Duration::from_secs(300), opener: None }
    }
}

impl BrowserOptions {
    /// Signs people in as another public client (`AZURE_MCP_CLIENT_ID`); blank is as if not given.
    ///
    /// `http://localhost` has to be registered there, under *Mobile and desktop applications*.
    #[must_use]
    pub fn with_client_id(self, id: &str) -> Self {
        match id.trim() {
            "" => self,
            id => Self { client_id: id.to_owned(), ..self },
        }
    }

    /// Waits so long for a person (`AZURE_MCP_BROWSER_AUTH_TIMEOUT_SECONDS`).
    #[must_use]
    pub fn with_timeout(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Opens windows in another way.
    #[must_use]
    pub fn with_opener(self, opener: impl Opener + 'static) -> Self {
        Self { opener: Some(Arc::new(opener)), ..self }
    }
}

impl fmt::Debug for BrowserOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserOptions")
            .field("client_id", &self.client_id)
            .field("timeout", &self.patience)
            .finish_non_exhaustive()
    }
}
