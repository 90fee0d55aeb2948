//! mcp-auth-layer: aws-lc-rs with keys parsed once, keys as the app fetches them, a scope required, challenges that name the
//! resource's metadata.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::{
    BearerLayer, EntraApp, authority::Endpoints, cloud::Cloud, fetch::HttpClient, metadata::ProtectedResource,
    tenant::TenantId, verify::Verifier,
};
use tower::{Layer, service_fn};

use super::{Answer, Failure, Keys, Stack, hello};
use crate::issuer::{CLIENT, SCOPE, TENANT};

/// What the rows call us.
pub const WHO: &str = "ours";

/// An app, its keys fetched.
#[derive(Clone, Debug)]
pub struct Ours {
    app: EntraApp,
    verifier: Verifier,
}

impl Ours {
    /// Fetches the keys; not over a socket, as only the fetch itself would tell the difference.
    ///
    /// # Errors
    /// When tokens cannot be judged then.
    pub async fn new(keys: &Keys) -> Result<Self, Failure> {
        let document = Bytes::from(keys.jwks.clone());
        let http = HttpClient::new(service_fn(move |_: Request<Bytes>| {
            let document = document.clone();
            async move { Ok::<_, Infallible>(Response::new(document)) }
        }));
        let endpoints = Endpoints::documented(Cloud::Public, TenantId::parse(TENANT)?);
        let app = EntraApp::single_tenant_over(http, TENANT, CLIENT)?.with_endpoints(endpoints)?;
        let verifier = Verifier::entra(&app);
        match verifier.warm().await.as_str() {
            "ready" => Ok(Self { app, verifier }),
            readiness => Err(format!("the keys are {readiness}").into()),
        }
    }

    /// Returns a verifier that remembers as many verdicts as it does where nobody chose, and none yet.
    #[must_use]
    pub fn remembering(&self) -> Verifier {
        Verifier::entra(&self.app)
    }

    /// Returns a verifier that remembers none.
    #[must_use]
    pub fn forgetful(&self) -> Verifier {
        self.verifier.clone().with_cache_capacity(0)
    }

    /// Returns the service behind the layer.
    ///
    /// # Errors
    /// When scope or resource are malformed.
    pub fn service<B: Send + 'static>(&self, verifier: Verifier) -> Result<impl Stack<B, Answer> + use<B>, Failure> {
        let resource = ProtectedResource::new("https://mcp.contoso.example/mcp", &self.app)?.with_scopes([SCOPE])?;
        let layer = BearerLayer::with_verifier(verifier).require_scope(SCOPE)?.with_resource(&resource);
        Ok(layer.layer(hello::<B, Answer>()))
    }
}
