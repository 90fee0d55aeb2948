//! Hands a lazy [`OnBehalfOf`] to whatever stands inside.
//!
//! 1. The [`Caller`] that the bearer layer left must be in the request; without it the answer is a 500 and one log line,
//!    never a pass.
//! 2. An anonymous caller gets a handle that says [`NoUser`](crate::ExchangeErrorKind::NoUser).
//! 3. A tool that [`prefetch`](OboLayer::prefetch) names gets its token first. If the user must sign in again, the challenge is
//!    the answer and the service is not called; every other failure is the tool's to report.
//! 4. What a handler [raised](OnBehalfOf::raise) takes the place of its response.
//!
//! ```
//! use http::{Request, Response};
//! use mcp_auth_layer::EntraApp;
//! use mcp_obo::{ClientSecret, Exchange, OboLayer, Target};
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = EntraApp::single_tenant("contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555")?;
//! let obo = OboLayer::new(Exchange::new(&app, ClientSecret::new("...")).add_target(&Target::graph()));
//!
//! let service = ServiceBuilder::new()
//!     // BearerLayer::new(&app) stands here; it was left out to show what happens then.
//!     .layer(obo)
//!     .service_fn(async |_: Request<String>| Ok::<_, std::io::Error>(Response::new("reached".to_owned())));
//! let response = service.oneshot(Request::new(String::new())).await?;
//! assert_eq!((response.status().as_u16(), response.body().as_str()), (500, ""));
//! # Ok(()) }
//! ```

mod future;
mod prefetch;
#[cfg(test)]
mod tests;

use std::{
    fmt, mem,
    sync::{Arc, Once},
    task::{Context, Poll},
};

use http::{Request, Response};
use mcp_auth_layer::{Caller, reject::Rejection};
use tower_layer::Layer;
use tower_service::Service;

pub use self::future::ResponseFuture;
use self::prefetch::Prefetch;
use crate::{exchange::Exchange, on_behalf_of::OnBehalfOf, target::Target};

/// Puts an [`OnBehalfOf`] into every request; see the [module docs](self).
///
/// # Defaults
/// No tool's token is fetched beforehand.
#[derive(Clone, Debug)]
pub struct OboLayer(Arc<Wiring>);

/// Behind one pointer: routers clone a service for every request.
#[derive(Clone, Debug)]
struct Wiring {
    exchange: Exchange,
    prefetch: Prefetch,
    complained: Arc<Once>,
}

impl OboLayer {
    /// Hands out handles of this exchange.
    #[must_use]
    pub fn new(exchange: Exchange) -> Self {
        Self(Arc::new(Wiring { exchange, prefetch: Prefetch::default(), complained: Arc::new(Once::new()) }))
    }

    /// Fetches the token before the service is called when a request names this MCP tool.
    ///
    /// A challenge then reaches the client whatever the service does: once a tool has sent a progress message the head of the
    /// response is gone, and with it the status. Works for protocol versions from 2026-07-28 on.
    #[must_use]
    pub fn prefetch(mut self, tool: &str, target: &Target) -> Self {
        let wiring = Arc::make_mut(&mut self.0);
        wiring.prefetch = wiring.prefetch.and(tool, target);
        self
    }

    fn handle<B>(&self, request: &Request<B>) -> Result<OnBehalfOf, Rejection> {
        let caller = Caller::from_extensions(request.extensions()).inspect_err(|why| {
            // Every request fails alike, and a log full of it hides the first.
            self.0.complained.call_once(|| {
                tracing::error!(
                    target: "mcp_obo::layer",
                    %why,
                    "every request is answered 500: BearerLayer must stand outside OboLayer; \
                     in axum `.layer((bearer, obo))`, or `.layer(obo).layer(bearer)`",
                );
            });
        })?;
        Ok(OnBehalfOf::new(self.0.exchange.clone(), caller.verified().cloned()))
    }
}

impl<S> Layer<S> for OboLayer {
    type Service = Obo<S>;

    fn layer(&self, inner: S) -> Obo<S> {
        Obo { inner, layer: self.clone() }
    }
}

/// Hands a handle to `S` with every request; see the [module docs](self).
#[derive(Clone)]
pub struct Obo<S> {
    inner: S,
    layer: OboLayer,
}

impl<S: fmt::Debug> fmt::Debug for Obo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Obo").field("inner", &self.inner).field("layer", &self.layer).finish()
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Obo<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let handle = match self.layer.handle(&request) {
            Ok(handle) => handle,
            Err(why) => return ResponseFuture::refused(why),
        };
        request.extensions_mut().insert(handle.clone());
        match self.layer.0.prefetch.target(request.headers()) {
            Some(target) => {
                // The service that was polled ready goes along; the clone, whose readiness nobody asked for, stays.
                let not_ready = self.inner.clone();
                let ready = mem::replace(&mut self.inner, not_ready);
                ResponseFuture::fetching(target.clone(), handle, request, ready)
            }
            None => ResponseFuture::calling(self.inner.call(request), handle),
        }
    }
}
