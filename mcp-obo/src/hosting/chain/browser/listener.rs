//! Waits on loopback for the browser to come back from Entra (RFC 8252 section 7.3), for one answer.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};
use zeroize::Zeroizing;

use super::page::Page;
use crate::{aadsts, parameters::Parameters, pkce::Verifier};

/// A port of this machine that nobody else has, under both addresses that `localhost` may stand for.
pub(super) struct Listener {
    socket: TcpListener,
    /// None where the machine has no IPv6.
    twin: Option<TcpListener>,
    port: u16,
}

/// What the browser came back with.
pub(super) enum Returned {
    Code(SecretString),
    Refused { aadsts: Option<u32> },
    Broken(io::ErrorKind),
}

/// How many ports are tried.
const PORTS: usize = 16;
/// Browsers open connections that they may need, and send nothing on them.
const VISITORS: usize = 16;
const VISIT: Duration = Duration::from_secs(10);
/// Codes of Entra take up to two kilobytes, cookies of other services on this host many more.
const LONGEST: usize = 32 * 1024;

impl Listener {
    pub(super) async fn bind() -> io::Result<Self> {
        for _ in 0..PORTS {
            if let Some(listener) = Self::at(0).await? {
                return Ok(listener);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Listens on a port, 0 for any; none where another program has it under the other address, and would be asked first by a
    /// browser that prefers that one.
    async fn at(port: u16) -> io::Result<Option<Self>> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = socket.local_addr()?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(twin) => Ok(Some(Self { socket, twin: Some(twin), port })),
            Err(why) if why.kind() == io::ErrorKind::AddrInUse => Ok(None),
            Err(_) => Ok(Some(Self { socket, twin: None, port })),
        }
    }

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.twin {
            Some(twin) => tokio::select! {
                accepted = self.socket.accept() => accepted,
                accepted = twin.accept() => accepted,
            },
            None => self.socket.accept().await,
        }
    }

    /// Entra takes any port of the registered `http://localhost`; of `127.0.0.1` only where that is registered too.
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the answer to the request that had this state; whatever else comes is shown a page and changes nothing.
    pub(super) async fn answer(self, state: &Verifier) -> Returned {
        let is_answered = Arc::new(AtomicBool::new(false));
        let (sender, mut receiver) = mpsc::channel(1);
        let mut visits = JoinSet::new();
        loop {
            tokio::select! {
                Some(returned) = receiver.recv() => return returned,
                accepted = self.accept(), if visits.len() < VISITORS => match accepted {
                    Ok((stream, _)) => {
                        let visit = visit(stream, state.clone(), Arc::clone(&is_answered), sender.clone());
                        visits.spawn(async { tokio::time::timeout(VISIT, visit).await });
                    }
                    Err(why) => return Returned::Broken(why.kind()),
                },
                Some(_) = visits.join_next() => {}
            }
        }
    }
}

/// Reads one request, shows its page, and only then hands over what it brought: with that the listener is gone.
async fn visit(
    mut stream: TcpStream,
    state: Verifier,
    is_answered: Arc<AtomicBool>,
    sender: mpsc::Sender<Returned>,
) -> io::Result<()> {
    let head = head(&mut stream).await?;
    let (page, returned) = match judged(&head, &state) {
        Ok(_) if is_answered.swap(true, Ordering::AcqRel) => (Page::Late, None),
        Ok(returned @ Returned::Code(_)) => (Page::Done, Some(returned)),
        Ok(returned) => (Page::Refused, Some(returned)),
        Err(page) => (page, None),
    };
    let shown = async {
        stream.write_all(page.response().as_bytes()).await?;
        stream.shutdown().await
    };
    let shown = tokio::time::timeout(VISIT / 2, shown).await;
    if let Some(returned) = returned
        && sender.send(returned).await.is_err()
    {
        tracing::debug!(target: "mcp_obo::hosting", "nobody waits for the sign-in any more");
    }
    shown.unwrap_or(Ok(()))
}

/// Reads as far as the request's headers go; their content has no use here.
async fn head(stream: &mut TcpStream) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut head = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut part = Zeroizing::new([0; 4096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(part.as_mut()).await?;
        if read == 0 || head.len() + read > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.extend_from_slice(&part[..read]);
    }
    Ok(head)
}

fn judged(head: &[u8], state: &Verifier) -> Result<Returned, Page> {
    let line = head.split(|byte| *byte == b'\r').next().and_then(|line| std::str::from_utf8(line).ok());
    let mut words = line.unwrap_or_default().split(' ');
    let (Some("GET"), Some(target)) = (words.next(), words.next()) else { return Err(Page::Missing) };
    let Some(("/", query)) = target.split_once('?') else { return Err(Page::Missing) };
    let parameters = Parameters::read(query.as_bytes()).map_err(|_| Page::Foreign)?;
    let given = parameters.get("state").unwrap_or_default();
    // RFC 6749 section 10.12: without it any page could hand this process an account of its own choice.
    verify_slices_are_equal(given.as_bytes(), state.expose_secret().as_bytes()).map_err(|_| Page::Foreign)?;
    match (parameters.get("code"), parameters.get("error")) {
        (Some(code), None) => Ok(Returned::Code(SecretString::from(code))),
        (None, Some(_)) => {
            let aadsts = parameters.get("error_description").and_then(aadsts::number_in);
            Ok(Returned::Refused { aadsts })
        }
        _ => Err(Page::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_browser_comes_by_either_address_and_nobody_else_listens_there() {
        let Ok(other) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else { return };
        let taken = other.local_addr().unwrap().port();
        assert!(Listener::at(taken).await.unwrap().is_none(), "another program would see the answer first");
        let listener = Listener::bind().await.unwrap();
        let port = listener.port;
        for socket in std::iter::once(&listener.socket).chain(&listener.twin) {
            assert!(socket.local_addr().unwrap().ip().is_loopback(), "nobody from elsewhere is heard");
        }
        let state = Verifier::random();
        let request = format!("GET /?code=c&state={} HTTP/1.1\r\n\r\n", state.expose_secret());
        let answer = tokio::spawn(async move { listener.answer(&state).await });
        let mut stream = TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(matches!(answer.await.unwrap(), Returned::Code(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_say_nothing_are_few_and_stay_for_seconds() {
        let listener = Listener::bind().await.unwrap();
        let (port, state) = (listener.port, Verifier::random());
        let request = format!("GET /?code=c&state={} HTTP/1.1\r\n\r\n", state.expose_secret());
        let began = tokio::time::Instant::now();
        let answer = tokio::spawn(async move { listener.answer(&state).await });
        let mut silent = Vec::new();
        for _ in 0..VISITORS {
            silent.push(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap());
        }
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(matches!(answer.await.unwrap(), Returned::Code(_)));
        let waited = began.elapsed();
        assert!(waited >= VISIT && waited < VISIT * 2, "{waited:?}");
    }
}
