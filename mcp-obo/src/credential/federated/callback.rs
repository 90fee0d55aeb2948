//! An assertion that the service itself gets from somewhere.

use std::{fmt, future::Future, sync::Arc};

use http::Uri;
use mcp_auth_layer::clock::UnixTime;
use moka::sync::Cache;
use secrecy::SecretString;

use super::{FederationFault, KeptAssertion, presentable, spend};
use crate::{
    boxed::BoxFuture,
    credential::{ClientAuth, ClientContext, ClientCredential, CredentialError},
    kept::{Kept, Lapse, Lease},
};

/// An assertion that a function of the service gets.
///
/// It may come from another cloud's metadata service or a token broker. What it returns is kept for each token endpoint until
/// shortly before its end, and asked for once for all who wait. Cloning is cheap.
#[derive(Clone)]
pub struct FederatedAssertion {
    source: Arc<Source>,
    kept: Cache<Uri, KeptAssertion>,
}

type Source = dyn Fn(AssertionRequest) -> BoxFuture<'static, Result<SecretString, CredentialError>> + Send + Sync;

/// Which client an assertion is for, where, and when.
#[derive(Clone, Debug)]
pub struct AssertionRequest {
    client_id: Box<str>,
    token_endpoint: Uri,
    now: UnixTime,
}

/// An app of many tenants has as many token endpoints as tenants call it.
const ENDPOINTS: u64 = 1_000;

impl FederatedAssertion {
    /// Asks a function for assertions.
    ///
    /// They are JWTs with an `exp`, of an issuer that Entra trusts for this app.
    #[must_use]
    pub fn from_fn<F, Made>(source: F) -> Self
    where
        F: Fn(AssertionRequest) -> Made + Send + Sync + 'static,
        Made: Future<Output = Result<SecretString, CredentialError>> + Send + 'static,
    {
        let source = Arc::new(move |request: AssertionRequest| -> BoxFuture<'static, _> { Box::pin(source(request)) });
        Self { source, kept: Cache::new(ENDPOINTS) }
    }

    /// Returns the assertion of one endpoint, which may not be made yet.
    fn of(&self, client: &ClientContext<'_>) -> KeptAssertion {
        self.kept.get_with_by_ref(client.token_endpoint(), || {
            let source = Arc::clone(&self.source);
            let client_id: Box<str> = client.client_id().into();
            let token_endpoint = client.token_endpoint().clone();
            Kept::new(move |now| {
                let request =
                    AssertionRequest { client_id: client_id.clone(), token_endpoint: token_endpoint.clone(), now };
                make(source(request), now)
            })
        })
    }
}

impl AssertionRequest {
    /// Returns the app's id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the token endpoint to which the assertion will be sent.
    #[must_use]
    pub const fn token_endpoint(&self) -> &Uri {
        &self.token_endpoint
    }

    /// Returns the present time, by the app's clock.
    #[must_use]
    pub const fn now(&self) -> UnixTime {
        self.now
    }
}

impl ClientCredential for FederatedAssertion {
    fn authenticate<'a>(&'a self, client: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(async move { Ok(ClientAuth::assertion(self.of(client).get(client.now()).await?)) })
    }

    fn refused(&self, spent: &ClientAuth) {
        // Whose it was is not said; it is nobody else's.
        for (_, kept) in &self.kept {
            spend(&kept, spent);
        }
    }
}

impl fmt::Debug for FederatedAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FederatedAssertion(..)")
    }
}

async fn make(
    assertion: BoxFuture<'static, Result<SecretString, CredentialError>>,
    now: UnixTime,
) -> Result<Lease<SecretString>, Lapse<FederationFault>> {
    let jwt = assertion.await.map_err(|source| FederationFault::Callback(Arc::new(source)))?;
    let (jwt, end) = presentable(&jwt, now)?;
    Ok(Lease::until(jwt, end, now))
}
