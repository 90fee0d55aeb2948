//! A key service on a real socket that does what the test says, and counts.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the service does when it is asked for its keys.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    /// Publishes these keys.
    Publishes(Vec<Value>),
    /// Answers with this status and text.
    Answers(u16, String),
    /// Sends its caller to another address.
    Redirects(String),
    /// Begins an answer of this announced length and never ends it.
    Endless(usize),
    /// Breaks off within its answer.
    BreaksOff,
    /// Says nothing.
    Hangs,
}

/// The service, under the name by which its tokens name it.
pub(crate) struct KeyService {
    pub(crate) issuer: String,
    mood: Arc<Mutex<Mood>>,
    asked: watch::Receiver<usize>,
}

impl KeyService {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let mood = Arc::new(Mutex::new(mood));
        let (count, asked) = watch::channel(0);
        let (name, moods) = (issuer.clone(), Arc::clone(&mood));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let document = json!({"issuer": name, "jwks_uri": format!("{name}/keys")}).to_string();
                tokio::spawn(serve(stream, document, Arc::clone(&moods), count.clone()));
            }
        });
        Self { issuer, mood, asked }
    }

    pub(crate) fn becomes(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// How often it was asked for its keys.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits until it was asked that often.
    pub(crate) async fn is_asked(&self, times: usize) {
        let waiting = async { self.asked.clone().wait_for(|asked| *asked >= times).await.map(drop) };
        tokio::time::timeout(std::time::Duration::from_secs(30), waiting).await.unwrap().unwrap();
    }
}

async fn serve(mut stream: TcpStream, document: String, moods: Arc<Mutex<Mood>>, count: watch::Sender<usize>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let mood = match request.starts_with(b"GET /keys ") {
        false => Mood::Answers(200, document),
        true => {
            let mood = moods.lock().unwrap().clone();
            count.send_modify(|asked| *asked += 1);
            mood
        }
    };
    let whole = |status: u16, more: &str, body: &str| {
        format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n{body}", body.len())
    };
    let (answer, then_hangs) = match mood {
        Mood::Publishes(keys) => (whole(200, "", &json!({"keys": keys}).to_string()), false),
        Mood::Answers(status, text) => (whole(status, "", &text), false),
        Mood::Redirects(to) => (whole(302, &format!("location: {to}\r\n"), ""), false),
        Mood::Endless(length) => (format!("HTTP/1.1 200 x\r\ncontent-length: {length}\r\n\r\n{{\"keys\":["), true),
        Mood::BreaksOff => ("HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\n{\"keys\":[".to_owned(), false),
        Mood::Hangs => (String::new(), true),
    };
    // Who does not read the answer has gone, which is his business.
    let _ = stream.write_all(answer.as_bytes()).await;
    if then_hangs {
        std::future::pending::<()>().await;
    }
}
