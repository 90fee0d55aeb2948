//! A tenant that lives in memory.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

use super::{TestToken, key::SigningKey};
use crate::{
    clock::{FixedClock, UnixTime},
    config::ConfigError,
    entra::EntraApp,
    fetch::HttpClient,
};

const HOST: &str = "https://login.microsoftonline.com";
const KID: &str = "test-key";

/// A tenant of Entra without a network; see the [module docs](super).
///
/// # Defaults
/// Tenant `0a0a0a0a-…`, client `0c0c0c0c-…`, and a clock that stands at the 1st of January 2027.
#[derive(Clone, Debug)]
pub struct TestTenant {
    key: Arc<SigningKey>,
    clock: FixedClock,
}

impl Default for TestTenant {
    fn default() -> Self {
        Self::new()
    }
}

impl TestTenant {
    /// The tenant's id.
    pub const TENANT: &str = "0a0a0a0a-0000-4000-8000-000000000001";

    /// The id of the app whose tokens are minted.
    pub const CLIENT: &str = "0c0c0c0c-0000-4000-8000-000000000001";

    /// Makes a tenant; all of one process share a key, so that making one is cheap.
    #[must_use]
    pub fn new() -> Self {
        Self { key: SigningKey::shared(), clock: FixedClock::at(UnixTime::from_secs(1_798_761_600)) }
    }

    /// Returns the clock by which tokens are minted and judged.
    #[must_use]
    pub const fn clock(&self) -> &FixedClock {
        &self.clock
    }

    /// Describes the app, as a service under test takes it.
    ///
    /// # Errors
    /// None in this version; a service's own set-up has the same signature.
    pub fn app(&self) -> Result<EntraApp, ConfigError> {
        Ok(EntraApp::single_tenant_over(self.http(), Self::TENANT, Self::CLIENT)?.with_clock(self.clock.clone()))
    }

    /// Returns the network of the tenant: discovery and keys, and 404 for everything else.
    #[must_use]
    pub fn http(&self) -> HttpClient {
        let tenant = self.clone();
        HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
            let answer = tenant.answer(request.uri().path());
            async move { Ok::<_, Infallible>(answer) }
        }))
    }

    /// Begins a token of a user, in the v2 form, for the app, valid for an hour.
    ///
    /// The same name is always the same user. Without [`scopes`](TestToken::scopes) it is no access token.
    #[must_use]
    pub fn user(&self, name: &str) -> TestToken {
        self.token(json!({"oid": guid_of(name), "sub": format!("pairwise-{name}"), "name": name}))
    }

    /// Begins a token of an application by itself, with these app roles.
    #[must_use]
    pub fn application<'a>(&self, name: &str, roles: impl IntoIterator<Item = &'a str>) -> TestToken {
        let roles: Vec<_> = roles.into_iter().collect();
        self.token(json!({"oid": guid_of(name), "sub": guid_of(name), "idtyp": "app", "roles": roles}))
    }

    fn token(&self, own: serde_json::Value) -> TestToken {
        TestToken::new(Arc::clone(&self.key), KID, self.clock.clone(), own)
    }

    fn answer(&self, path: &str) -> Response<Bytes> {
        let tenant = Self::TENANT;
        let base = format!("{HOST}/{tenant}");
        let document = if path == format!("/{tenant}/v2.0/.well-known/openid-configuration") {
            json!({
                "issuer": format!("{base}/v2.0"),
                "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
                "token_endpoint": format!("{base}/oauth2/v2.0/token"),
                "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            })
        } else if path == format!("/{tenant}/.well-known/openid-configuration") {
            json!({"issuer": format!("https://sts.windows.net/{tenant}/")})
        } else if path == format!("/{tenant}/discovery/v2.0/keys") {
            // Whose tokens a key may sign stands beside it in Entra's documents.
            let mut key = self.key.jwk(KID);
            key["issuer"] = json!(format!("{HOST}/{{tenantid}}/v2.0"));
            json!({"keys": [key]})
        } else {
            let mut missing = Response::new(Bytes::new());
            *missing.status_mut() = StatusCode::NOT_FOUND;
            return missing;
        };
        Response::new(Bytes::from(document.to_string()))
    }
}

/// Makes an object id of a name: the same for the same name, and of the right form.
fn guid_of(name: &str) -> String {
    // FNV-1a: nothing here needs more than names that differ to differ.
    let hash = |seed: u64| {
        name.bytes()
            .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let (high, low) = (hash(0), hash(1));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
