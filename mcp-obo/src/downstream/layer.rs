//! The same for any HTTP client that is a `tower::Service`.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Extensions, Request, Response};
use mcp_auth_layer::{clock::Clock, config::ConfigError};
use tower::{BoxError, ServiceExt as _};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    agent::{Agent, Client},
    error::{DownstreamError, IdentityFault},
    repeat::{Repeating, Repetition, Streaming},
};
use crate::{on_behalf_of::OnBehalfOf, target::Target, token_source::TokenSource};

/// Attaches tokens to the requests of any HTTP client, with all that [`Downstream`](super::Downstream) does.
///
/// The identity is in each request's extensions: an [`OnBehalfOf`], or an `Arc<dyn TokenSource>`. A request with neither, or
/// with both, is an error and is not sent. The client must follow no redirect: it would carry the token along.
///
/// ```
/// use std::{convert::Infallible, sync::Arc};
///
/// use http::{Request, Response};
/// use mcp_obo::{DownstreamError, DownstreamLayer, Target};
/// use tower::{ServiceBuilder, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = ServiceBuilder::new()
///     .layer(DownstreamLayer::new(Target::graph(), "https://graph.microsoft.com/v1.0")?)
///     .service_fn(async |_: Request<String>| Ok::<_, Infallible>(Response::new("reached".to_owned())));
/// // The identity was left out to show what happens then: nothing is sent.
/// let refused = client.oneshot(Request::get("/me").body(String::new())?).await;
/// assert!(matches!(refused, Err(DownstreamError::Identity(_))));
/// # Ok(()) }
/// ```
///
/// # Defaults
/// A refused request is repeated once, for which its body is cloned; [`streaming`](Self::streaming) does without. The
/// operating system's clock, for `Retry-After` as a date.
#[derive(Clone, Debug)]
pub struct DownstreamLayer<R = Repeating> {
    agent: Arc<Agent>,
    repetition: PhantomData<fn() -> R>,
}

impl DownstreamLayer {
    /// Attaches tokens of `target` to requests to the API at `base_url`.
    ///
    /// # Errors
    /// As for [`Downstream::new`](super::Downstream::new).
    pub fn new(target: Target, base_url: &str) -> Result<Self, ConfigError> {
        Ok(Self { agent: Arc::new(Agent::new(target, base_url)?), repetition: PhantomData })
    }

    /// Never repeats a request, so that its body need not be cloned.
    ///
    /// A refused token is renewed all the same, and [`DownstreamError::Renewed`] says so.
    #[must_use]
    pub fn streaming(self) -> DownstreamLayer<Streaming> {
        DownstreamLayer { agent: self.agent, repetition: PhantomData }
    }
}

impl<R> DownstreamLayer<R> {
    /// Uses another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.agent).clock = Arc::new(clock);
        self
    }
}

impl<S, R> Layer<S> for DownstreamLayer<R> {
    type Service = AttachToken<S, R>;

    fn layer(&self, inner: S) -> AttachToken<S, R> {
        AttachToken { inner, agent: Arc::clone(&self.agent), repetition: PhantomData }
    }
}

/// Attaches tokens to the requests to `S`; see [`DownstreamLayer`].
pub struct AttachToken<S, R = Repeating> {
    inner: S,
    agent: Arc<Agent>,
    repetition: PhantomData<fn() -> R>,
}

impl<S: Clone, R> Clone for AttachToken<S, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), agent: Arc::clone(&self.agent), repetition: PhantomData }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for AttachToken<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachToken").field("inner", &self.inner).field("agent", &self.agent).finish()
    }
}

impl<S, R, B, C> Service<Request<B>> for AttachToken<S, R>
where
    S: Service<Request<B>, Response = Response<C>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    R: Repetition<B> + 'static,
    B: Send + 'static,
    C: Send + 'static,
{
    type Response = Response<C>;
    type Error = DownstreamError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<C>, DownstreamError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), DownstreamError>> {
        self.inner.poll_ready(cx).map_err(transport)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The client that was polled ready goes along; the clone, whose readiness nobody asked for, stays.
        let not_ready = self.inner.clone();
        let ready = Ready { client: mem::replace(&mut self.inner, not_ready), state: State::Polled };
        let agent = Arc::clone(&self.agent);
        Box::pin(async move {
            let who = identity(request.extensions())?;
            agent.call::<R, _, _>(&*who, request, ready).await
        })
    }
}

/// A client, and whether the next request may be given to it at once.
struct Ready<S> {
    client: S,
    state: State,
}

enum State {
    Polled,
    Used,
}

impl<S, B, C> Client<B> for Ready<S>
where
    S: Service<Request<B>, Response = Response<C>> + Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send,
{
    type Body = C;

    async fn send(&mut self, request: Request<B>) -> Result<Response<C>, DownstreamError> {
        if let State::Used = mem::replace(&mut self.state, State::Used) {
            self.client.ready().await.map_err(transport)?;
        }
        self.client.call(request).await.map_err(transport)
    }
}

fn transport(error: impl Into<BoxError>) -> DownstreamError {
    DownstreamError::Transport(error.into())
}

/// Finds the one identity to call as.
fn identity(extensions: &Extensions) -> Result<Arc<dyn TokenSource>, DownstreamError> {
    match (extensions.get::<OnBehalfOf>(), extensions.get::<Arc<dyn TokenSource>>()) {
        (Some(user), None) => Ok(Arc::new(user.clone())),
        (None, Some(source)) => Ok(Arc::clone(source)),
        (None, None) => Err(DownstreamError::Identity(IdentityFault::Missing)),
        (Some(_), Some(_)) => Err(DownstreamError::Identity(IdentityFault::Several)),
    }
}
