//! A small HTTP/1.1 server behind one of the layers: `serve --who NAME [--port N]`, with the key document on the first line of its
//! standard input. It serves until that ends, so it outlives nobody who started it.
//!
//! All are served by the same loop of hyper's on one thread, so that the layer is all that differs.

use std::{
    error::Error,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process, thread,
};

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::cores;
use crate::{
    issuer,
    stacks::{
        Answer, Failure, Keys, Stack, axum_jwt_auth, hello, jwt_authorizer, oauth_resource_server,
        ours::{self, Ours},
        tower_mcp, tower_oauth2,
    },
};

/// Nothing before the service.
pub const BARE: &str = "bare";

/// Serves until its input ends; says on the first line of its output where.
///
/// # Errors
/// When nobody has that name, or the server cannot be set up.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let value = |name: &str| arguments.iter().skip_while(|one| *one != name).nth(1);
    let who = value("--who").ok_or("serve wants --who")?;
    let port = value("--port").map_or(Ok(0), |port| port.parse())?;
    let mut jwks = String::new();
    io::stdin().read_line(&mut jwks)?;
    thread::spawn(|| {
        // However it ends, nobody is there any more.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    let keys = Keys { url: issuer::serve(jwks.clone())?, jwks };
    cores::keep_to(cores::OF_SERVERS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(who, SocketAddr::from((Ipv4Addr::LOCALHOST, port)), &keys))
}

async fn serve(who: &str, address: SocketAddr, keys: &Keys) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    let axum = |request: Request<Incoming>| request.map(Body::new);
    match who {
        BARE => accept(listener, hello::<_, Answer>()).await,
        ours::WHO => {
            let ours = Ours::new(keys).await?;
            accept(listener, ours.service(ours.remembering())?).await
        }
        _ if who == jwt_authorizer::PEER.name => accept(listener, jwt_authorizer::service(keys).await?).await,
        _ if who == tower_oauth2::PEER.name => accept(listener, tower_oauth2::service(keys).await?).await,
        _ if who == axum_jwt_auth::PEER.name => {
            accept(listener, axum_jwt_auth::service(keys).await?.map_request(axum)).await
        }
        _ if who == oauth_resource_server::PEER.name => {
            accept(listener, oauth_resource_server::service(keys).await?).await
        }
        _ if who == tower_mcp::PEER.name => accept(listener, tower_mcp::service(keys).await?.map_request(axum)).await,
        _ => Err(format!("{who} is nobody here").into()),
    }
}

async fn accept<R>(listener: TcpListener, service: impl Stack<Incoming, R>) -> Result<(), Failure>
where
    R: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut output = io::stdout();
    writeln!(output, "http://{}/", listener.local_addr()?)?;
    output.flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(service.clone());
        // A connection that breaks is its client's loss, and the client counts it.
        tokio::spawn(async move { drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await) });
    }
}
