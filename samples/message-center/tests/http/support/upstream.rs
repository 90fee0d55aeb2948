//! Listeners that behave as no good server does.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Notify,
    task::JoinSet,
};

/// What a listener does with a request.
pub(crate) enum Manner {
    /// Answers with these bytes.
    Says(Vec<u8>),
    /// Reads, and ends the connection.
    HangsUp,
    /// Reads, and says nothing.
    Silent,
}

/// A listener on a free port. Dropping it ends its connections.
pub(crate) struct Upstream {
    pub(crate) port: u16,
    reached: Arc<Notify>,
    left: Arc<Notify>,
    _task: JoinSet<()>,
}

impl Upstream {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (reached, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut task = JoinSet::new();
        task.spawn(accept(listener, manner, Arc::clone(&reached), Arc::clone(&left)));
        Self { port, reached, left, _task: task }
    }

    /// Returns an address for `GRAPH_BASE_URL`.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}/v1.0", self.port)
    }

    /// Waits until a request has come.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Waits until somebody who was answered with silence has hung up.
    pub(crate) async fn left(&self) {
        self.left.notified().await;
    }
}

async fn accept(listener: TcpListener, manner: Manner, reached: Arc<Notify>, left: Arc<Notify>) {
    let mut waiting = JoinSet::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 8_192];
        let _ = stream.read(&mut request).await;
        reached.notify_one();
        match &manner {
            Manner::Says(answer) => drop(stream.write_all(answer).await),
            Manner::HangsUp => {}
            Manner::Silent => {
                let left = Arc::clone(&left);
                waiting.spawn(async move {
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
                    left.notify_one();
                });
            }
        }
    }
}

/// Makes an answer of HTTP/1.1 after which the connection ends.
pub(crate) fn http(head: &str, body: &str) -> Manner {
    let length = body.len();
    Manner::Says(format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into_bytes())
}

/// A port that lets connections wait for ever: its queue is full and nobody accepts.
pub(crate) struct FullQueue {
    pub(crate) port: u16,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
    _hanging: JoinSet<()>,
}

impl FullQueue {
    pub(crate) async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut waiting = Vec::new();
        let mut hanging = JoinSet::new();
        for _ in 0..4 {
            let mut attempt = Box::pin(TcpStream::connect(("127.0.0.1", port)));
            let mut turns = 0;
            loop {
                tokio::select! {
                    biased;
                    done = &mut attempt => { waiting.push(done.unwrap()); break }
                    () = tokio::task::yield_now() => turns += 1,
                }
                if turns > 1_000 {
                    hanging.spawn(async move { drop(attempt.await) });
                    break;
                }
            }
        }
        assert!(!hanging.is_empty(), "the queue takes everybody");
        Self { port, _listener: listener, _waiting: waiting, _hanging: hanging }
    }
}
