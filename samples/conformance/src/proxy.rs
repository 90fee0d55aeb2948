//! A reverse proxy on loopback that puts a token on requests without one, and changes as little else as it can.
//!
//! The suite tests the transport itself, so it must not meet the proxy's habits instead of the server's: the case of header
//! names stays, streams are passed on as they come, and a client that leaves takes its request along. In `Host` and `Origin`
//! only the proxy's own port becomes the server's, so that a foreign name stays foreign.

use std::{io, net::Ipv4Addr};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{Either, Full};
use hyper::{body::Incoming, client, server, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

type Body = Either<Incoming, Full<Bytes>>;

/// Passes requests on to one server.
#[derive(Clone, Debug)]
pub struct Proxy {
    to: u16,
    authorization: HeaderValue,
}

impl Proxy {
    /// Passes requests on to this port on loopback, with this `Authorization` unless they have one.
    #[must_use]
    pub fn new(to: u16, authorization: HeaderValue) -> Self {
        Self { to, authorization }
    }

    /// Serves until the listener fails.
    ///
    /// # Errors
    /// What the listener fails with.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let own = listener.local_addr()?.port();
        loop {
            let (stream, _) = listener.accept().await?;
            let proxy = self.clone();
            let service = service_fn(move |request| {
                let proxy = proxy.clone();
                async move { Ok::<_, hyper::Error>(proxy.pass(own, request).await) }
            });
            let connection = server::conn::http1::Builder::new()
                .preserve_header_case(true)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                // A connection that breaks is the suite's business.
                let _ = connection.await;
            });
        }
    }

    /// Passes one request on, over a connection of its own: what one client does to it touches no other.
    async fn pass(&self, own: u16, mut request: Request<Incoming>) -> Response<Body> {
        self.prepare(own, request.headers_mut());
        match self.send(request).await {
            Ok(response) => response.map(Either::Left),
            Err(_) => {
                let mut response = Response::new(Either::Right(Full::new(Bytes::from_static(b"the server is gone"))));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                response
            }
        }
    }

    async fn send(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Incoming>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.to)).await?;
        let (mut sender, connection) =
            client::conn::http1::Builder::new().preserve_header_case(true).handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender.send_request(request).await?)
    }

    fn prepare(&self, own: u16, headers: &mut http::HeaderMap) {
        if !headers.contains_key(header::AUTHORIZATION) {
            headers.insert(header::AUTHORIZATION, self.authorization.clone());
        }
        for name in [header::HOST, header::ORIGIN] {
            if let Some(value) = headers.get(&name).and_then(|value| moved(value, own, self.to)) {
                headers.insert(name, value);
            }
        }
    }
}

/// Replaces the port at the end, if it is the proxy's own.
fn moved(value: &HeaderValue, own: u16, to: u16) -> Option<HeaderValue> {
    let host = value.to_str().ok()?.strip_suffix(&format!(":{own}"))?;
    HeaderValue::try_from(format!("{host}:{to}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_port_is_replaced() {
        for (name, value, expected) in [
            ("the own address", "127.0.0.1:4000", Some("127.0.0.1:5000")),
            ("the own origin", "http://localhost:4000", Some("http://localhost:5000")),
            ("a foreign name", "evil.example.com", None),
            ("a foreign port", "127.0.0.1:4001", None),
            ("a port that ends alike", "127.0.0.1:14000", None),
        ] {
            let value = HeaderValue::from_static(value);
            assert_eq!(moved(&value, 4000, 5000), expected.map(HeaderValue::from_static), "{name}");
        }
    }

    #[test]
    fn a_token_is_added_only_where_there_is_none() {
        let proxy = Proxy::new(5000, HeaderValue::from_static("Bearer added"));
        for (name, given, expected) in [("without", None, "Bearer added"), ("with", Some("Bearer own"), "Bearer own")] {
            let mut headers = http::HeaderMap::new();
            if let Some(given) = given {
                headers.insert(header::AUTHORIZATION, HeaderValue::from_static(given));
            }
            proxy.prepare(4000, &mut headers);
            assert_eq!(headers[header::AUTHORIZATION], expected, "{name}");
        }
    }
}
