//! How long the tokens live that the emulator issues.

use serde::Deserialize;
use serde_json::{Value, json};

/// How long access tokens live here: the average of Entra's 60 to 90 minutes.
const ACCESS_TOKEN: i64 = 75 * 60;
/// How long a managed identity's tokens live.
const MANAGED_IDENTITY: i64 = 24 * 3600;

/// The life of an access token, and when Entra wants it to be replaced.
///
/// # Defaults
/// 75 minutes, a day for a managed identity, and no `refresh_in`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Lifetime {
    pub(crate) seconds: i64,
    pub(crate) refresh_in: Option<i64>,
}

impl Lifetime {
    pub(crate) const ACCESS_TOKEN: Self = Self::seconds(ACCESS_TOKEN);
    pub(crate) const MANAGED_IDENTITY: Self = Self::seconds(MANAGED_IDENTITY);

    /// Lets tokens live so long.
    #[must_use]
    pub const fn seconds(seconds: i64) -> Self {
        Self { seconds, refresh_in: None }
    }

    /// Adds `refresh_in`, in seconds, to the answer.
    #[must_use]
    pub const fn refresh_in(mut self, seconds: i64) -> Self {
        self.refresh_in = Some(seconds);
        self
    }

    /// Begins the token endpoint's answer.
    pub(crate) fn answer(self, access_token: &str) -> Value {
        let mut answer = json!({
            "token_type": "Bearer", "expires_in": self.seconds, "ext_expires_in": self.seconds,
            "access_token": access_token,
        });
        if let Some(seconds) = self.refresh_in {
            answer["refresh_in"] = json!(seconds);
        }
        answer
    }
}
