//! The service, the layers, and the connection loop.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use mcp_auth_layer::{BearerLayer, EntraApp, respond::OAuthJson};
use mcp_obo::{ClientSecret, Exchange, OboLayer, OnBehalfOf, Target};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

/// Tells until when this service may call Microsoft Graph for the caller; yours would call it.
async fn me(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = match OnBehalfOf::from_extensions(request.extensions()) {
        Ok(user) => user,
        Err(why) => return Ok(why.into_response()),
    };
    Ok(match user.token(&Target::graph()).await {
        Ok(graph) => Response::new(Full::from(format!("valid until {}\n", graph.expires_at().as_secs()))),
        Err(error) => error.rejection().into_response(), // the bearer layer adds WWW-Authenticate and the body
    })
}

/// Serves until the listener fails.
pub(crate) async fn serve(listener: TcpListener, app: EntraApp, secret: ClientSecret) -> std::io::Result<()> {
    let service = ServiceBuilder::new()
        .layer(BearerLayer::new(&app).respond_with(OAuthJson))
        .layer(OboLayer::new(Exchange::new(&app, secret).add_target(&Target::graph())))
        .service_fn(me);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        let mut connection = auto::Builder::new(TokioExecutor::new());
        // Without a timer hyper's header timeout is inert, and a slow sender holds the connection for ever.
        connection.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(10));
        connection.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30));
        tokio::spawn(async move {
            // A connection that breaks is the peer's business.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
