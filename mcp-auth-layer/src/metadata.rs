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
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER,
    },
};
use http_body_util::Full;
use serde_json::json;
use tower_service::Service;
use url::Url;

use crate::{
    authority::Unavailable, challenge, config::ConfigError, entra::EntraApp, fetch::is_loopback, scope::ScopeSet,
};

const METHODS: &str = "GET, HEAD, OPTIONS";

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
    /// Where clients sign in, when that is not the tenant itself.
    authorization_server: Option<Box<str>>,
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
            authorization_server: None,
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

    /// Names an authorization server in front of the tenant, by its issuer.
    ///
    /// Such a server takes scopes by their bare names, so these are advertised then; towards the tenant itself they must stand
    /// behind the API's id (AADSTS90009 at the first refresh, otherwise).
    #[must_use]
    pub fn with_authorization_server(mut self, issuer: &str) -> Self {
        Arc::make_mut(&mut self.0).authorization_server = Some(issuer.into());
        self
    }

    /// Tells whether clients ask an authorization server in front of the tenant, which takes scopes by their bare names.
    pub(crate) fn has_authorization_server(&self) -> bool {
        self.0.authorization_server.is_some()
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
        let server = match inner.authorization_server().await {
            Ok(server) => server,
            Err(why) => {
                let mut response = status(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(RETRY_AFTER, challenge::retry_after(why.retry_after()));
                return response;
            }
        };
        let document = json!({
            "resource": inner.resource,
            "authorization_servers": [server],
            "scopes_supported": inner.scopes(),
            "bearer_methods_supported": ["header"],
        });
        let mut response = status(StatusCode::OK);
        *response.body_mut() = Full::from(document.to_string());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        response
    }
}

impl Inner {
    async fn authorization_server(&self) -> Result<String, Unavailable> {
        match &self.authorization_server {
            Some(issuer) => Ok(issuer.to_string()),
            None => Ok(self.app.authority().endpoints().await?.authorization_server()),
        }
    }

    fn scopes(&self) -> Vec<String> {
        let spell = |name: &str| match &self.authorization_server {
            Some(_) => name.to_owned(),
            None => format!("{}/{name}", self.app.client_id()),
        };
        self.scopes.iter().map(spell).collect()
    }
}

/// Answers `GET` with the document, 503 until the tenant has been discovered, and other methods with 405.
///
/// Pages of every origin may read the answers (Fetch standard, CORS protocol): the document is public, and no credential is
/// involved. Preflights are answered here, because clients in browsers send `MCP-Protocol-Version`.
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
            Method::OPTIONS => Box::pin(std::future::ready(preflight())),
            _ => {
                let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
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
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn preflight() -> Response<Full<Bytes>> {
    let mut response = status(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    // What MCP clients send; `authorization`, which some send everywhere, is allowed and never read.
    let allowed = HeaderValue::from_static("mcp-protocol-version, content-type, authorization");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
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

    #[tokio::test]
    async fn a_server_in_front_of_the_tenant_is_named_at_once_and_takes_bare_names() {
        let undiscovered = EntraApp::single_tenant_over(dead_network(), "contoso.example", CLIENT).unwrap();
        let resource = ProtectedResource::new("https://mcp.example/mcp", &undiscovered).unwrap();
        let resource =
            resource.with_scopes(["access_as_user"]).unwrap().with_authorization_server("https://mcp.example");
        let response = resource.service().oneshot(Request::new(())).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let document: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(document["authorization_servers"], json!(["https://mcp.example"]));
        assert_eq!(document["scopes_supported"], json!(["access_as_user"]));
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
            (StatusCode::METHOD_NOT_ALLOWED, &HeaderValue::from_static("GET, HEAD, OPTIONS"))
        );
    }

    #[tokio::test]
    async fn a_page_of_any_origin_may_read_every_answer_and_ask_before() {
        let undiscovered = EntraApp::single_tenant_over(dead_network(), "contoso.example", CLIENT).unwrap();
        for (name, app, method, status) in [
            ("the document", &app().0, Method::GET, 200),
            ("an outage", &undiscovered, Method::GET, 503),
            ("another method", &undiscovered, Method::POST, 405),
            ("a preflight", &undiscovered, Method::OPTIONS, 204),
        ] {
            let service = ProtectedResource::new("https://mcp.example/mcp", app).unwrap().service();
            let request = Request::builder().method(method).header("origin", "https://page.example").body(()).unwrap();
            let response = service.oneshot(request).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{name}");
            assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{name}");
            assert!(!response.headers().contains_key("access-control-allow-credentials"), "{name}");
            let allowed = response.headers().get(ACCESS_CONTROL_ALLOW_HEADERS);
            assert_eq!(
                allowed.is_some_and(|names| names.to_str().unwrap().contains("mcp-protocol-version")),
                status == 204
            );
        }
    }

    #[tokio::test]
    async fn an_app_of_many_tenants_sends_clients_to_where_any_of_them_signs_in() {
        let app = EntraApp::any_organization_over(dead_network(), CLIENT).unwrap();
        let endpoints = crate::authority::Endpoints::documented_for_organizations(crate::cloud::Cloud::Public);
        let app = app.with_endpoints(endpoints).unwrap();
        let service = ProtectedResource::new("https://mcp.example/mcp", &app).unwrap().service();
        let response = service.oneshot(Request::new(())).await.unwrap();
        let document = response.into_body().collect().await.unwrap().to_bytes();
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["authorization_servers"], json!(["https://login.microsoftonline.com/organizations/v2.0"]));
    }
}
