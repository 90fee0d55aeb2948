//! Connections: accepted, bounded in number and in time, and ended gracefully.

mod idle;
mod unread;

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, http::Request};
use hyper::{
    body::Incoming,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
    time,
};

use self::idle::{Places, Work};
use crate::logging::AfterLines;

const DRAIN: Duration = Duration::from_secs(20);
const MAX_CONNECTIONS: usize = 1_024;

/// Serves until `stop` ends, then lets requests under way finish for up to 20 s.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let places = Places::new(MAX_CONNECTIONS);
    let mut stop = pin!(stop);
    loop {
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            next = next(&listener, &places) => next?,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // Out of file descriptors, or the peer left before we looked: neither is a reason to stop serving.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(stream, peer, router.clone(), graceful.watcher(), (places.clone(), place)));
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("all requests have ended"),
        () = time::sleep(DRAIN) => tracing::warn!("requests were still under way after 20 s"),
    }
    Ok(())
}

/// Waits for a place first: connections that cannot be served wait in the kernel's queue.
async fn next(
    listener: &TcpListener,
    places: &Places,
) -> io::Result<(OwnedSemaphorePermit, io::Result<(TcpStream, SocketAddr)>)> {
    let place = Arc::clone(places.free()).acquire_owned().await.map_err(io::Error::other)?;
    Ok((place, listener.accept().await))
}

/// Serves one connection until it ends, is idle for too long, or the server has drained.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
    (places, place): (Places, OwnedSemaphorePermit),
) {
    let work = Work::default();
    let idle = idle::ended(work.clone(), places);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        // As axum's own server has it, so that its extractor works too.
        request.extensions_mut().insert(ConnectInfo(peer));
        let (request, unread) = unread::watch(request);
        let (share, answer) = (work.begin(), AfterLines::new(router.call(request)));
        async move {
            let mut answer = answer.await;
            if let Ok(answer) = &mut answer {
                unread.settle(answer).await;
            }
            drop(share);
            answer
        }
    });
    let connection = builder().serve_connection(TokioIo::new(stream), service).into_owned();
    tokio::select! {
        // A connection that breaks is the peer's business.
        _ = watcher.watch(connection) => {}
        () = idle => tracing::debug!("an idle connection was ended"),
    }
    drop(place);
}

/// hyper's timeouts do nothing without a timer; a head's time is that in which its connection is [idle].
fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(idle::SHORT)
        .max_concurrent_streams(100);
    builder
}

/// Ends on Ctrl-C, and on SIGTERM where there is one.
pub async fn stop_signal() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be heard");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
