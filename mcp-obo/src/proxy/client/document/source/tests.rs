use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

use super::*;
use crate::proxy::client::DocumentHosts;

const URL: &str = "https://vscode.dev/oauth/client-metadata.json";

/// A name server that says one thing after the other, the last one for ever.
struct Names {
    answers: Mutex<Vec<Vec<SocketAddr>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Lookup for Names {
    fn addresses(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        self.asked.lock().unwrap().push(name);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        Box::pin(async move { Ok(answer) })
    }
}

struct Peer {
    address: SocketAddr,
    roots: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Serves one answer over TLS under a name.
async fn peer(name: &str, answer: Vec<u8>) -> Peer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (own_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let roots = params.self_signed(&own_key).unwrap().pem();
    let authority = Issuer::new(params, own_key);
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer =
        Peer { address: listener.local_addr().unwrap(), roots, connections: Arc::default(), requests: Arc::default() };
    let (connections, requests) = (Arc::clone(&peer.connections), Arc::clone(&peer.requests));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(tls.clone(), stream, answer.clone(), Arc::clone(&requests)));
        }
    });
    peer
}

/// Answers until the client goes away, so that a connection could serve again.
async fn serve(tls: TlsAcceptor, stream: TcpStream, answer: Vec<u8>, requests: Arc<Mutex<Vec<String>>>) {
    let Ok(mut stream) = tls.accept(stream).await else { return };
    let mut request = vec![0; 4_096];
    while let Ok(length @ 1..) = stream.read(&mut request).await {
        requests.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
        if stream.write_all(&answer).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

fn ok(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nCache-Control: max-age=600\r\n\r\n{body}").into_bytes()
}

fn source(
    peer: &Peer,
    answers: Vec<Vec<SocketAddr>>,
    is_allowed: fn(IpAddr) -> bool,
) -> (PublicSource, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::default();
    let names = Names { answers: Mutex::new(answers), asked: Arc::clone(&asked) };
    (PublicSource::with(&peer.roots, names, is_allowed).unwrap(), asked)
}

async fn read(source: &PublicSource) -> Result<Fetched, DocumentFault> {
    source.fetch(&Address::read(URL, &DocumentHosts::new(["vscode.dev"]).unwrap()).unwrap()).await
}

#[tokio::test]
async fn a_document_comes_from_the_address_that_was_judged_under_the_name_that_was_asked() {
    let peer = peer("vscode.dev", ok("{}")).await;
    // What a second look-up would say is never heard.
    let elsewhere = "127.0.0.1:1".parse().unwrap();
    let (source, asked) = source(&peer, vec![vec![peer.address], vec![elsewhere]], |_| true);
    let fetched = read(&source).await.unwrap();
    assert_eq!(&*fetched.body, b"{}");
    assert_eq!(fetched.headers["cache-control"], "max-age=600");
    assert_eq!(*asked.lock().unwrap(), ["vscode.dev"], "looked up once");
    let request = peer.requests.lock().unwrap()[0].to_ascii_lowercase();
    assert!(request.starts_with("get /oauth/client-metadata.json http/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nhost: vscode.dev\r\n") && request.contains("\r\naccept: application/json\r\n"));
    assert!(!request.contains("cookie") && !request.contains("referer") && !request.contains("accept-encoding"));
}

/// The environment belongs to the whole process, so this one starts another.
#[test]
fn a_proxy_of_the_environment_is_not_asked() {
    // Nothing listens at port 9, so that whoever asks it gets nothing.
    let variables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, "http://127.0.0.1:9"));
    let (_, module) = module_path!().split_once("::").unwrap();
    let test = format!("{module}::a_document_comes_from_the_address_that_was_judged_under_the_name_that_was_asked");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test])
        .env_clear()
        .envs(variables)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn each_connection_is_judged_anew() {
    let peer = peer("vscode.dev", ok("{}")).await;
    let (source, asked) = source(&peer, vec![vec![peer.address]], |_| true);
    for _ in 0..2 {
        read(&source).await.unwrap();
    }
    assert_eq!((asked.lock().unwrap().len(), peer.connections.load(Ordering::SeqCst)), (2, 2));
}

#[tokio::test]
async fn a_name_that_leads_into_a_network_of_ours_is_not_followed() {
    let peer = peer("vscode.dev", ok("{}")).await;
    let port = peer.address.port();
    let at = |ip: &str| SocketAddr::new(ip.parse().unwrap(), port);
    for (name, answer) in [
        ("loopback", vec![at("127.0.0.1")]),
        ("loopback as IPv6", vec![at("::ffff:127.0.0.1")]),
        ("the metadata service", vec![at("169.254.169.254")]),
        ("a private address", vec![at("10.0.0.4")]),
        ("among public ones", vec![at("13.107.246.45"), at("127.0.0.1")]),
    ] {
        let (source, _) = source(&peer, vec![answer], is_public);
        assert_eq!(read(&source).await.unwrap_err(), DocumentFault::NotPublic, "{name}");
    }
    assert_eq!(peer.connections.load(Ordering::SeqCst), 0, "nobody knocked");
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_not_reached() {
    let peer = peer("vscode.dev", ok("{}")).await;
    let (source, _) = source(&peer, vec![vec![]], is_public);
    assert_eq!(read(&source).await.unwrap_err(), DocumentFault::Unreachable);
}

#[tokio::test]
async fn a_host_must_have_a_certificate_for_its_name() {
    let other = peer("evil.example", ok("{}")).await;
    let (source_of_other, _) = source(&other, vec![vec![other.address]], |_| true);
    assert_eq!(read(&source_of_other).await.unwrap_err(), DocumentFault::Unreachable);
    let (one, stranger) = (peer("vscode.dev", ok("{}")).await, peer("vscode.dev", ok("{}")).await);
    let (mistrusting, _) = source(&stranger, vec![vec![one.address]], |_| true);
    assert_eq!(read(&mistrusting).await.unwrap_err(), DocumentFault::Unreachable);
    assert!(other.requests.lock().unwrap().is_empty() && one.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn answers_other_than_a_small_200_are_no_document() {
    let redirect = b"HTTP/1.1 302 Found\r\nLocation: https://vscode.dev/other\r\nContent-Length: 0\r\n\r\n".to_vec();
    let empty = b"HTTP/1.1 204 No Content\r\n\r\n".to_vec();
    let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    let chunk = format!("{:x}\r\n{}\r\n", 40_000, "x".repeat(40_000));
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}0\r\n\r\n").into_bytes();
    for (name, answer, expected) in [
        ("a redirect", redirect, Some(DocumentFault::Status(302))),
        ("no content", empty, Some(DocumentFault::Status(204))),
        ("nothing there", missing, Some(DocumentFault::Status(404))),
        ("64 KB", ok(&"x".repeat(MAX_BODY)), None),
        ("more than 64 KB", ok(&"x".repeat(MAX_BODY + 1)), Some(DocumentFault::TooLarge)),
        ("more than 64 KB in chunks", chunked, Some(DocumentFault::TooLarge)),
        ("no HTTP", b"SSH-2.0-x\r\n".to_vec(), Some(DocumentFault::Unreachable)),
    ] {
        let peer = peer("vscode.dev", answer).await;
        let (source, _) = source(&peer, vec![vec![peer.address]], |_| true);
        assert_eq!(read(&source).await.err(), expected, "{name}");
        assert_eq!(peer.connections.load(Ordering::SeqCst), 1, "{name}: nothing is followed or tried again");
    }
}

#[test]
fn the_ready_made_source_trusts_what_the_egress_trusts() {
    assert!(PublicSource::new(&Egress::default()).is_ok());
}
