//! A token to be, and what can be wrong with it.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{TestTenant, key::SigningKey};
use crate::clock::{Clock, FixedClock};

/// A token of a [`TestTenant`] before it is minted.
///
/// # Defaults
/// In the v2 form, for the tenant's app, issued now, valid for an hour, by the client `test-client`.
#[derive(Clone, Debug)]
pub struct TestToken {
    key: Arc<SigningKey>,
    clock: FixedClock,
    header: Value,
    claims: Value,
    life: Duration,
}

impl TestToken {
    pub(super) fn new(key: Arc<SigningKey>, kid: &str, clock: FixedClock, own: Value) -> Self {
        let mut claims = json!({
            "iss": format!("https://login.microsoftonline.com/{}/v2.0", TestTenant::TENANT),
            "aud": TestTenant::CLIENT, "tid": TestTenant::TENANT, "ver": "2.0", "azp": "test-client", "uti": "test-token",
        });
        merge(&mut claims, own);
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": kid});
        Self { key, clock, header, claims, life: Duration::from_secs(3_600) }
    }

    /// Gives the user these delegated scopes, with spaces between them (`scp`).
    #[must_use]
    pub fn scopes(self, names: &str) -> Self {
        self.claim("scp", names)
    }

    /// Gives the caller these app roles.
    #[must_use]
    pub fn roles<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.into_iter().collect();
        self.claim("roles", names)
    }

    /// Sets any claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().and_then(|claims| claims.remove(name));
        self
    }

    /// Sets any member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header[name] = value.into();
        self
    }

    /// Writes it in the v1 form, as registrations get it that do not ask for v2.
    #[must_use]
    pub fn v1(self) -> Self {
        let client = self.claims["azp"].clone();
        let token = self.without("azp").claim("appid", client).claim("ver", "1.0");
        let issuer = format!("https://sts.windows.net/{}/", TestTenant::TENANT);
        token.claim("iss", issuer).claim("aud", format!("api://{}", TestTenant::CLIENT))
    }

    /// Lets it live this long from now; zero is expired as soon as the leeway is over.
    #[must_use]
    pub const fn valid_for(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// Signs it with a key that the tenant does not publish, under the name of the one that it does.
    #[must_use]
    pub fn forged(mut self) -> Self {
        self.key = SigningKey::foreign();
        self
    }

    /// Mints the token, as it stands behind `Bearer`.
    #[must_use]
    pub fn token(self) -> String {
        let now = self.clock.now();
        let mut claims = json!({
            "iat": now.as_secs(), "nbf": now.as_secs(), "exp": now.saturating_add(self.life).as_secs(),
        });
        merge(&mut claims, self.claims);
        self.key.sign(&self.header, &claims)
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
