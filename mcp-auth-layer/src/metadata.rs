//! The protected-resource metadata document (RFC 9728), by which an MCP client finds out where to sign in.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::Full;
use serde_json::json;
use tower_service::Service;
use url::Url;

use crate::{challenge, config::ConfigError, entra::EntraApp, fetch::is_loopback, scope::ScopeSet};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A resource that clients know by one URL, for MCP the full address of the endpoint.
///
/// The URL comes from configuration, never from a request's `Host`.
#[derive(Clone, Debug)]
pub struct ProtectedResource(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    app: EntraApp,
    resource: Box<str>,
    metadata_url: Box<str>,
    paths: Vec<String>,
    scopes: ScopeSet,
}

impl ProtectedResource {
    /// Describes the resource at `url`: https, or http on loopback; no query, no fragment, no trailing slash.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for any other URL. Clients compare it byte for byte (RFC 9728 section 3.3).
    pub fn new(url: &str, app: &EntraApp) -> Result<Self, ConfigError> {
        let refuse = |why| ConfigError::Url { what: "protected resource", given: url.to_owned(), why };
        let parsed = Url::parse(url).map_err(|_| refuse("it is not a URL"))?;
        let local = parsed.scheme() == "http" && parsed.host_str().is_some_and(is_loopback);
        let private = parsed.scheme() == "https" || local;
        if !private || !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refuse("it must be https, or http on loopback, without credentials"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(refuse("it must have no query and no fragment"));
        }
        let path = parsed.path().trim_end_matches('/');
        let origin = parsed.origin().ascii_serialization();
        if url != format!("{origin}{path}") {
            return Err(refuse(
                "it must be spelled as clients compare it: lower case, no default port, no trailing slash",
            ));
        }
        let mut paths = vec![format!("{WELL_KNOWN}{path}"), WELL_KNOWN.to_owned()];
        // A resource at the root has one path; routers panic at the second route of one path.
        paths.dedup();
        Ok(Self(Arc::new(Inner {
            app: app.clone(),
            resource: url.into(),
            metadata_url: format!("{origin}{WELL_KNOWN}{path}").into(),
            paths,
            scopes: ScopeSet::default(),
        })))
    }

    /// Advertises the scopes that a client needs for everyday use, by their names.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty list or a malformed name.
    pub fn with_scopes<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.0).scopes = ScopeSet::required(names)?;
        Ok(self)
    }

    /// Returns the resource's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.resource
    }

    /// Returns the address that challenges name: the path-aware one.
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.0.metadata_url
    }

    /// Returns the paths at which the document must be served, each once.
    ///
    /// The path-aware one and the root, because clients differ.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.0.paths
    }

    /// Makes the service that answers at these paths.
    #[must_use]
    pub fn service(&self) -> MetadataService {
        MetadataService(self.clone())
    }

    async fn document(self) -> Response<Full<Bytes>> {
        let inner = &*self.0;
        let endpoints = match inner.app.authority().endpoints().await {
            Ok(endpoints) => endpoints,
            Err(why) => {
                let mut response = status(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(RETRY_AFTER, challenge::retry_after(why.retry_after()));
                return response;
            }
        };
        let scopes: Vec<_> = inner.scopes.iter().map(|name| format!("{}/{name}", inner.app.client_id())).collect();
        let document = json!({
            "resource": inner.resource,
            "authorization_servers": [endpoints.authorization_server()],
            "scopes_supported": scopes,
            "bearer_methods_supported": ["header"],
        });
        let mut response = status(StatusCode::OK);
        *response.body_mut() = Full::from(document.to_string());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        // Public, and read by clients that run in browsers; no credential is involved.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

/// Answers `GET` with the document, 503 until the tenant has been discovered, and other methods with 405.
#[derive(Clone, Debug)]
pub struct MetadataService(ProtectedResource);

/// The response of [`MetadataService`].
pub struct MetadataFuture(Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>);

impl<B> Service<Request<B>> for MetadataService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = MetadataFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> MetadataFuture {
        MetadataFuture(match *request.method() {
            Method::GET | Method::HEAD => Box::pin(self.0.clone().document()),
            _ => {
                let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                Box::pin(std::future::ready(response))
            }
        })
    }
}

impl Future for MetadataFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for MetadataFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetadataFuture(..)")
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testtenant::{CLIENT, TENANT, app, dead_network};
    use http_body_util::BodyExt;
    use serde_json::Value;
    use tower::ServiceExt;

    #[test]
    fn the_url_must_be_spelled_as_clients_compare_it() {
        for (url, good) in [
            ("https://mcp.example/mcp", true),
            ("https://mcp.example", true),
            ("https://mcp.example:8443/a/mcp", true),
            ("http://127.0.0.1:8080/mcp", true),
            ("http://localhost:8080/mcp", true),
            ("http://mcp.example/mcp", false),
            ("https://mcp.example/mcp/", false),
            ("https://mcp.example/", false),
            ("https://MCP.example/mcp", false),
            ("https://mcp.example:443/mcp", false),
            ("https://mcp.example/mcp?x", false),
            ("https://mcp.example/mcp#x", false),
            ("https://u:p@mcp.example/mcp", false),
            ("https://mcp.example/a/../mcp", false),
            ("api://11111111-2222-3333-4444-555555555555", false),
            ("ftp://127.0.0.1/", false),
            ("mcp.example/mcp", false),
            ("", false),
        ] {
            assert_eq!(ProtectedResource::new(url, &app().0).is_ok(), good, "{url}");
        }
    }

    #[tokio::test]
    async fn the_document_stands_at_both_paths_and_says_what_clients_need() {
        let resource = ProtectedResource::new("https://mcp.example/mcp", &app().0).unwrap();
        let resource = resource.with_scopes(["access_as_user"]).unwrap();
        assert_eq!(
            resource.paths(),
            ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]
        );
        let response = resource.service().oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let document: Value =
            serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(
            document,
            json!({
                "resource": "https://mcp.example/mcp",
                "authorization_servers": [format!("https://login.microsoftonline.com/{TENANT}/v2.0")],
                "scopes_supported": [format!("{CLIENT}/access_as_user")],
                "bearer_methods_supported": ["header"],
            })
        );
    }

    #[test]
    fn a_resource_at_the_root_has_one_path_so_that_no_route_is_made_twice() {
        let resource = ProtectedResource::new("https://mcp.example", &app().0).unwrap();
        assert_eq!(resource.paths(), ["/.well-known/oauth-protected-resource"]);
        assert_eq!(resource.metadata_url(), "https://mcp.example/.well-known/oauth-protected-resource");
    }

    #[tokio::test]
    async fn an_undiscovered_tenant_is_503_and_another_method_405() {
        let app = EntraApp::single_tenant_over(dead_network(), "contoso.example", CLIENT).unwrap();
        let service = ProtectedResource::new("https://mcp.example/mcp", &app).unwrap().service();
        let response = service.clone().oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(RETRY_AFTER));
        let post = Request::post("/").body(()).unwrap();
        let response = service.oneshot(post).await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()[ALLOW]),
            (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("GET, HEAD"))
        );
    }
}
