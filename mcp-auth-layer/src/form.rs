//! Refuses access tokens in form bodies (RFC 6750 section 2.2), for services that take forms.
//!
//! The [bearer layer](crate::bearer) finds a token in the query, but cannot look into a body. This layer stands inside of it, where
//! callers are known, and lets a request through exactly when
//! 1. its `Content-Type` is not `application/x-www-form-urlencoded`; or
//! 2. its body has at most 1 MiB, and no parameter of it is called `access_token`.
//!
//! Otherwise it raises 400 `invalid_request`, or 413, which the bearer layer renders: two ways of sending a credential in one
//! request are one too many, and a token in a body ends in places that nobody clears. A service that takes no forms does not
//! need this layer; an MCP server refuses them anyway.
//!
//! # Deployment caveat
//! The body is read before the service sees it, so a body that trickles waits for the server's own deadline.
//!
//! # Example
//! ```
//! use axum::{Router, body::Body, routing::post};
//! use http::{Request, StatusCode, header::CONTENT_TYPE};
//! use mcp_auth_layer::form::FormLayer;
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let router = Router::new().route("/comments", post(|body: String| async { body })).layer(FormLayer::default());
//! for (form, expected) in [("text=hello", StatusCode::OK), ("text=x&access_token=abc", StatusCode::BAD_REQUEST)] {
//!     let request = Request::post("/comments").header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(form))?;
//!     assert_eq!(router.clone().oneshot(request).await?.status(), expected);
//! }
//! # Ok(()) }
//! ```

#[cfg(test)]
mod tests;

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header::CONTENT_TYPE};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    bearer, early,
    peek::Peeked,
    reject::{Rejection, RequestFault},
};

const LIMIT: usize = 1 << 20;

/// Refuses access tokens in form bodies; see the [module docs](self).
///
/// # Defaults
/// Forms of up to 1 MiB.
#[derive(Clone, Copy, Debug)]
pub struct FormLayer {
    limit: usize,
}

impl Default for FormLayer {
    fn default() -> Self {
        Self { limit: LIMIT }
    }
}

impl FormLayer {
    /// Sets the longest form that is taken, in bytes; longer ones are answered with 413.
    #[must_use]
    pub const fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    async fn judge<B>(self, request: Request<B>) -> Result<Request<Peeked<B>>, Rejection>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (parts, body) = request.into_parts();
        if !is_form(&parts.headers) {
            return Ok(Request::from_parts(parts, Peeked::untouched(body)));
        }
        // A form that broke off is none, and what stood in the rest of it cannot be known.
        let body = Peeked::up_to(self.limit, body).await.map_err(|_| RequestFault::MalformedMessage)?;
        if !body.is_whole() {
            return Err(RequestFault::MessageTooLarge.into());
        }
        if bearer::stands_among(body.seen()) {
            return Err(RequestFault::InForm.into());
        }
        Ok(Request::from_parts(parts, body))
    }
}

/// Tells whether any of the media types is that of a form; parameters and case do not matter (RFC 9110 section 8.3.1).
fn is_form(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_TYPE).iter().any(|value| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    })
}

impl<S> Layer<S> for FormLayer {
    type Service = FormGuard<S>;

    fn layer(&self, inner: S) -> FormGuard<S> {
        FormGuard { inner, layer: *self }
    }
}

/// Lets requests through to `S` whose form holds no access token; see the [module docs](self).
#[derive(Clone, Debug)]
pub struct FormGuard<S> {
    inner: S,
    layer: FormLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for FormGuard<S>
where
    S: Service<Request<Peeked<ReqBody>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Body<Data = Bytes> + Send + Unpin + 'static,
    ReqBody::Error: Send,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = early::Boxed<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let layer = self.layer;
        early::deciding(&mut self.inner, async move { layer.judge(request).await.map_err(Rejection::into_response) })
    }
}
