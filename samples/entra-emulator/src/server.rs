//! Listeners and routes.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
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
    authorize, broken, control, discovery, graph_api,
    shared::{Scheme, Shared},
    tls::Tls,
    token_endpoint,
};

fn routes(shared: Shared) -> Router {
    Router::new()
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::v2))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::v1))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::v2_keys))
        .route("/{tenant}/discovery/keys", get(discovery::v1_keys))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::authorize).post(authorize::authorize))
        .route("/{tenant}/oauth2/v2.0/token", post(token_endpoint::token))
        .route("/v1.0/me", get(graph_api::me))
        .route("/v1.0/admin/serviceAnnouncement/messages", get(graph_api::messages))
        .route("/v1.0/admin/serviceAnnouncement/messages/{id}", get(graph_api::message))
        .merge(control::routes())
        .with_state(shared)
}

/// Two listeners on loopback.
pub(crate) struct Listening {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    /// Dropped with the emulator; that ends the listeners and their connections.
    _tasks: JoinSet<()>,
}

pub(crate) async fn listen(shared: Shared, tls: &Tls, ports: (u16, u16)) -> io::Result<Listening> {
    let http = TcpListener::bind(("127.0.0.1", ports.0)).await?;
    let https = TcpListener::bind(("127.0.0.1", ports.1)).await?;
    let (http_address, https_address) = (http.local_addr()?, https.local_addr()?);
    let router = routes(shared);
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(http, router.clone(), None));
    tasks.spawn(accept(https, router, Some(acceptor)));
    Ok(Listening { http: http_address, https: https_address, _tasks: tasks })
}

async fn accept(listener: TcpListener, router: Router, acceptor: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // An answer that waits for an acknowledgement would be measured as latency of the server under test.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        match acceptor.clone() {
            None => connections.spawn(serve(stream, router, Scheme::Http)),
            Some(acceptor) => connections.spawn(async move {
                // A handshake that fails is the client's business: it does not trust our CA, mostly.
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, router, Scheme::Https).await;
                }
            }),
        };
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router, scheme: Scheme) {
    let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(scheme);
        let router = router.clone();
        async move {
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
