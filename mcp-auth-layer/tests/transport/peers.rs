//! Peers of every kind of misbehaviour, on loopback.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

/// Gives every connection to `serve`, and returns the address.
pub(crate) async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Reads a request's head, answers each connection with these bytes, and closes it.
pub(crate) async fn answers(bytes: &'static [u8]) -> SocketAddr {
    listen(move |mut stream| async move {
        head(&mut stream).await;
        let _ = stream.write_all(bytes).await;
    })
    .await
}

/// Accepts, and never says anything.
pub(crate) async fn mute() -> SocketAddr {
    listen(|stream| async move {
        let _open = stream;
        std::future::pending().await
    })
    .await
}

/// Reads, and breaks the connection off with a TCP reset.
pub(crate) async fn resets() -> SocketAddr {
    listen(|mut stream| async move {
        head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await
}

/// A listener that is full, so that the kernel drops what else wants to connect: what a firewall does.
pub(crate) struct Firewall {
    pub(crate) address: SocketAddr,
    _open: (TcpListener, Vec<TcpStream>),
}

pub(crate) async fn drops() -> Firewall {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(60), TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
    }
    Firewall { address, _open: (listener, waiting) }
}

/// An https server that answers `hello` for ever, by HTTP/2 where the client offers it.
pub(crate) async fn says_hello(tls: TlsAcceptor) -> SocketAddr {
    listen(move |stream| {
        let tls = tls.clone();
        async move {
            if let Ok(stream) = tls.accept(stream).await {
                hello(stream).await;
            }
        }
    })
    .await
}

pub(crate) async fn hello<S>(stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
        let version = format!("hello by {:?}", request.version());
        Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(Bytes::from(version))))
    });
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// An HTTP/2 server that keeps the connection well and does this with each request.
pub(crate) async fn serves_by_http_2<F>(tls: TlsAcceptor, answer: impl Fn() -> F + Clone + Send + 'static) -> SocketAddr
where
    F: Future<Output = std::io::Result<http::Response<Full<Bytes>>>> + Send + 'static,
{
    listen(move |stream| {
        let (tls, answer) = (tls.clone(), answer.clone());
        async move {
            let stream = TokioIo::new(tls.accept(stream).await.unwrap());
            let service = service_fn(move |_: http::Request<hyper::body::Incoming>| answer());
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(stream, service).await;
        }
    })
    .await
}

/// A relay whose connections can all be made to swallow everything, as a firewall that has forgotten them does.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    open: Arc<Mutex<Vec<Arc<Notify>>>>,
}

impl Relay {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let open: Arc<Mutex<Vec<Arc<Notify>>>> = Arc::default();
        let known = Arc::clone(&open);
        let address = listen(move |mut near| {
            let freeze = Arc::new(Notify::new());
            known.lock().unwrap().push(Arc::clone(&freeze));
            async move {
                let mut far = TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    () = freeze.notified() => std::future::pending().await,
                }
            }
        })
        .await;
        Self { address, open }
    }

    pub(crate) fn connections(&self) -> usize {
        self.open.lock().unwrap().len()
    }

    /// Makes the connections that are open now swallow everything.
    pub(crate) fn forget_connections(&self) {
        self.open.lock().unwrap().iter().for_each(|connection| connection.notify_one());
    }
}

/// A proxy that writes down what it is asked for.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Connects every name to `target`.
    pub(crate) async fn to(target: SocketAddr) -> Self {
        Self::serving(move |mut near| async move {
            let mut far = TcpStream::connect(target).await.unwrap();
            near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        })
        .await
    }

    /// Answers every request with these bytes, and closes.
    pub(crate) async fn answering(bytes: &'static [u8]) -> Self {
        Self::serving(move |mut near| async move {
            let _ = near.write_all(bytes).await;
        })
        .await
    }

    async fn serving<F>(serve: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let written = Arc::clone(&heads);
        let address = listen(move |mut stream| {
            let (written, serve) = (Arc::clone(&written), serve.clone());
            async move {
                let head = head(&mut stream).await;
                written.lock().unwrap().push(head);
                serve(stream).await;
            }
        })
        .await;
        Self { address, heads }
    }

    /// The first lines of what it was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.heads.lock().unwrap().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) fn heads(&self) -> String {
        self.heads.lock().unwrap().concat()
    }
}

/// Reads until the end of a request's head, or of the connection; a TLS greeting is read once.
pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut chunk = [0; 4_096];
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        head.extend_from_slice(&chunk[..read]);
        if head.ends_with(b"\r\n\r\n") || head.starts_with(&[TLS_HANDSHAKE]) {
            break;
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

const TLS_HANDSHAKE: u8 = 22;
