//! The service over a real socket, against a local tenant.

use entra_emulator::{Config, Emulator, TokenSpec};
use mcp_auth_layer::EntraApp;
use mcp_obo::ClientSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::serve;

async fn start() -> (Emulator, String) {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let api = emulator.api_app();
    let app = EntraApp::single_tenant(emulator.tenant_id(), api.client_id()).unwrap();
    let app = app.with_authority_host(&emulator.http_url()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve::serve(listener, app, ClientSecret::new(api.client_secret())));
    (emulator, address)
}

#[tokio::test]
async fn a_user_passes_and_nobody_does_not() {
    let (emulator, address) = start().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{address}/");
    let token = emulator.mint(TokenSpec::user("alice"));
    let response = client.get(&url).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().starts_with("valid until "));

    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    assert!(response.text().await.unwrap().contains("error_description"));
}

#[tokio::test]
async fn a_sender_that_never_finishes_its_head_is_cut_off() {
    let (_emulator, address) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    // From here the header timeout is all that can happen, so time may run ahead.
    tokio::time::pause();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}
