//! The service: read, judge, pass on.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    Operation,
    headers::Mirror,
    layer::{JudgedBy, Settings},
    message::Message,
    table::Refused,
};
use crate::{
    bearer::Caller,
    early,
    peek::Peeked,
    reject::{Rejection, RequestFault},
    signal::Pending,
};

/// Lets calls through to `S` that the policy allows; see the [module docs](super).
#[derive(Clone, Debug)]
pub struct ToolPolicy<S> {
    inner: S,
    settings: Arc<Settings>,
}

/// The response of [`ToolPolicy`]; boxed, because reading a body takes a while.
pub type ResponseFuture<T, E> = early::Boxed<T, E>;

impl<S> ToolPolicy<S> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>) -> Self {
        Self { inner, settings }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ToolPolicy<S>
where
    S: Service<Request<Peeked<ReqBody>>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Body<Data = Bytes> + Send + Unpin + 'static,
    ReqBody::Error: Send,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let settings = Arc::clone(&self.settings);
        let decision = async move {
            settings.admit(request).await.map_err(|(why, operation)| Pending { why, operation }.into_response())
        };
        early::deciding(&mut self.inner, decision)
    }
}

impl Settings {
    async fn admit<B>(&self, request: Request<B>) -> Result<Request<Peeked<B>>, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_extensions(&parts.extensions).map_err(unnamed)?;
        if is_without_message(&parts.method) {
            return Ok(Request::from_parts(parts, Peeked::untouched(body)));
        }
        let mirror = Mirror::read(&parts.headers).map_err(unnamed)?;
        let trusted = mirror.operation().filter(|_| self.judged_by == JudgedBy::Headers);
        let (operation, body) = match trusted {
            Some(operation) => {
                // A request or a notification: the headers do not tell, and no open method's name is that of the other kind.
                let is_request = !operation.method().starts_with("notifications/");
                self.table.judge(&operation, is_request, caller)?;
                (Some(operation), Peeked::untouched(body))
            }
            None => self.judge_body(&mirror, body, caller).await?,
        };
        if let Some(operation) = operation {
            parts.extensions.insert(operation);
        }
        Ok(Request::from_parts(parts, body))
    }

    async fn judge_body<B>(
        &self,
        mirror: &Mirror<'_>,
        body: B,
        caller: &Caller,
    ) -> Result<(Option<Operation>, Peeked<B>), Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let body = Peeked::up_to(self.max_message, body).await.map_err(|_| unnamed(RequestFault::MalformedMessage))?;
        if !body.is_whole() {
            return Err(unnamed(RequestFault::MessageTooLarge));
        }
        match Message::parse(body.seen()).map_err(unnamed)? {
            Message::Answer => Ok((None, body)),
            Message::Call { operation, is_request } => {
                mirror.agree_with(&operation).map_err(unnamed)?;
                self.table.judge(&operation, is_request, caller)?;
                Ok((Some(operation), body))
            }
        }
    }
}

/// Methods whose requests bring no message to the server (MCP 2025-11-25 and before: open a stream, end a session).
fn is_without_message(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::DELETE | Method::OPTIONS)
}

fn unnamed(why: impl Into<Rejection>) -> Refused {
    (why.into(), None)
}
