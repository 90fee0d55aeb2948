//! Listeners and routes.

use std::{io, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    address::{Addresses, Ports},
    authorize,
    azure::{self, Site},
    broken, cluster_api, control_api, developer_tools, discovery,
    gateway::{self, Gateway, Hosts},
    graph_api, managed_identity,
    shared::{Connection, Shared},
    tls::Tls,
    token_endpoint, vault_api,
};

/// What loopback answers: everything under one name.
fn everything(shared: Shared) -> Router {
    entra()
        .merge(graph())
        .merge(cluster_api::routes())
        .merge(control_api::routes())
        .merge(developer_tools::routes())
        .merge(managed_identity::routes())
        .merge(vault_api::routes())
        .with_state(shared)
}

/// What one host of the cloud answers.
pub(crate) fn at(site: &Site, shared: Shared) -> Router {
    match site {
        Site::Entra => entra(),
        Site::Graph => graph(),
        Site::Management => azure::arm::routes(),
        Site::Blob(_) => azure::storage::routes(),
        Site::Vault(_) => vault_api::routes(),
        Site::AppConfiguration(_) => azure::app_configuration::routes(),
        Site::Cosmos(_) => azure::cosmos::routes(),
        Site::HealthModels(_) => azure::health_models::routes(),
        Site::Communication(_) => azure::communication::routes(),
        Site::Ledger(_) => azure::ledger::routes(),
        Site::LedgerIdentity => azure::ledger::identity_routes(),
    }
    .with_state(shared)
}

fn entra() -> Router<Shared> {
    Router::new()
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::v2))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::v1))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::v2_keys))
        .route("/{tenant}/discovery/keys", get(discovery::v1_keys))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::authorize).post(authorize::authorize))
        .route("/{tenant}/oauth2/v2.0/token", post(token_endpoint::token))
}

fn graph() -> Router<Shared> {
    Router::new()
        .route("/v1.0/me", get(graph_api::me))
        .route("/v1.0/admin/serviceAnnouncement/messages", get(graph_api::messages))
        .route("/v1.0/admin/serviceAnnouncement/messages/{id}", get(graph_api::message))
}

/// Listeners on loopback, which do not serve yet: what they will serve names their addresses.
pub(crate) struct Bound {
    http: TcpListener,
    https: TcpListener,
    gateway: TcpListener,
    pub(crate) addresses: Addresses,
}

impl Bound {
    pub(crate) async fn bind(ports: Ports) -> io::Result<Self> {
        let http = TcpListener::bind(("127.0.0.1", ports.http)).await?;
        let https = TcpListener::bind(("127.0.0.1", ports.https)).await?;
        let gateway = TcpListener::bind(("127.0.0.1", ports.gateway)).await?;
        let addresses =
            Addresses { http: http.local_addr()?, https: https.local_addr()?, gateway: gateway.local_addr()? };
        Ok(Self { http, https, gateway, addresses })
    }

    /// Serves until what it returns is dropped; that ends the listeners and their connections.
    pub(crate) fn serve(self, shared: Shared, tls: &Tls) -> JoinSet<()> {
        let router = everything(shared.clone());
        let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
        let hosts = Hosts::new(Arc::clone(&tls.authority));
        let mut tasks = JoinSet::new();
        tasks.spawn(gateway::serve(self.gateway, Arc::new(Gateway { shared, hosts })));
        tasks.spawn(accept(self.http, router.clone(), None));
        tasks.spawn(accept(self.https, router, Some(acceptor)));
        tasks
    }
}

async fn accept(listener: TcpListener, router: Router, acceptor: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // An answer that waits for an acknowledgement would be measured as latency of the server under test.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        match acceptor.clone() {
            None => connections.spawn(serve(stream, router, Connection::Http)),
            Some(acceptor) => connections.spawn(async move {
                // A handshake that fails is the client's business: it does not trust our CA, mostly.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, router, Connection::Https).await;
                }
            }),
        };
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection's requests.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    connection: Connection,
) {
    let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        let is_misdirected = !connection.is_for(request.headers());
        request.extensions_mut().insert(connection.clone());
        let router = router.clone();
        async move {
            if is_misdirected {
                return Ok(StatusCode::MISDIRECTED_REQUEST.into_response());
            }
            let response = tower::ServiceExt::oneshot(router, request).await.unwrap_or_else(|never| match never {});
            // An error of the service makes hyper drop the connection before the first byte.
            if broken::is_reset(&response) {
                return Err(io::Error::from(io::ErrorKind::ConnectionReset));
            }
            Ok(response)
        }
    });
    let mut connection = auto::Builder::new(TokioExecutor::new());
    connection.http1().timer(TokioTimer::new());
    let _ = connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}
