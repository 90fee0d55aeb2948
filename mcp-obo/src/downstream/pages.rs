//! Reads a list page by page (Graph's `@odata.nextLink`, Azure's `nextLink`), and never follows a link away from the API.

use std::{
    fmt,
    future::poll_fn,
    mem,
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{Request, Response, Uri};
use serde_json::Value;

use super::{Downstream, agent::request_id, error::DownstreamError};
use crate::{boxed::BoxFuture, token_source::TokenSource};

/// The pages of one list, a [`Stream`]; made by [`Downstream::pages`].
///
/// Each is the JSON object that the API sent, items in its `value`: what stands beside them, such as `@odata.count` and
/// `@odata.deltaLink`, is the caller's to read. The stream ends after the last page and after the first error.
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use bytes::Bytes;
/// use http::Request;
/// use mcp_obo::{Downstream, DownstreamError, OnBehalfOf};
///
/// async fn names(graph: &Downstream, user: &OnBehalfOf) -> Result<Vec<String>, DownstreamError> {
///     let request = Request::get("/users?$select=displayName").body(Bytes::new()).expect("a constant path");
///     let mut pages = graph.pages(user, request, NonZeroUsize::new(20).expect("not zero"));
///     let mut names = Vec::new();
///     while let Some(page) = pages.next().await {
///         let page = page?;
///         let users = page["value"].as_array().into_iter().flatten();
///         names.extend(users.filter_map(|user| Some(user["displayName"].as_str()?.to_owned())));
///     }
///     Ok(names)
/// }
/// # let _ = names;
/// ```
#[must_use = "nothing is read before the first page is asked for"]
pub struct Pages<'a> {
    downstream: &'a Downstream,
    who: &'a dyn TokenSource,
    /// Its headers go with every page's request: Graph's `Prefer` and `ConsistencyLevel` count for each.
    request: Request<Bytes>,
    limit: NonZeroUsize,
    read: usize,
    state: State<'a>,
}

enum State<'a> {
    /// The request is that of the next page.
    Due,
    Asked(BoxFuture<'a, Result<Response<Bytes>, DownstreamError>>),
    /// The last page is the caller's, and its link is an error.
    Broken(DownstreamError),
    Ended,
}

impl<'a> Pages<'a> {
    pub(super) fn new(
        downstream: &'a Downstream,
        who: &'a dyn TokenSource,
        request: Request<Bytes>,
        limit: NonZeroUsize,
    ) -> Self {
        Self { downstream, who, request, limit, read: 0, state: State::Due }
    }

    /// Reads the next page; none after the last one, and after an error.
    ///
    /// Too many pages are an error after the last that was to be read: a list that ends early would look complete. A future
    /// that is dropped loses nothing: the next call waits for the same page.
    ///
    /// # Errors
    /// Those of [`Downstream::call`], and [`Status`](DownstreamError::Status),
    /// [`UnreadablePage`](DownstreamError::UnreadablePage), [`ForeignLink`](DownstreamError::ForeignLink) and
    /// [`TooManyPages`](DownstreamError::TooManyPages).
    pub async fn next(&mut self) -> Option<Result<Value, DownstreamError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Takes the page out of an answer, and looks where the next one is.
    fn take(&mut self, answer: &Response<Bytes>) -> Result<Value, DownstreamError> {
        let id = || request_id(answer.headers()).map(Into::into);
        if !answer.status().is_success() {
            return Err(DownstreamError::Status { status: answer.status(), request_id: id() });
        }
        let page: Option<Value> = serde_json::from_slice(answer.body()).ok();
        let page = page.filter(Value::is_object).ok_or_else(|| DownstreamError::UnreadablePage { request_id: id() })?;
        self.read += 1;
        self.state = match self.downstream.next_link(&page) {
            Ok(Some(link)) => {
                *self.request.uri_mut() = link;
                State::Due
            }
            Ok(None) => State::Ended,
            Err(error) => State::Broken(error),
        };
        Ok(page)
    }
}

impl Stream for Pages<'_> {
    type Item = Result<Value, DownstreamError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            // Ended unless an arm says otherwise.
            match mem::replace(&mut this.state, State::Ended) {
                State::Due if this.read == this.limit.get() => {
                    return Poll::Ready(Some(Err(DownstreamError::TooManyPages { limit: this.limit.get() })));
                }
                State::Due => {
                    this.state = State::Asked(Box::pin(this.downstream.call(this.who, this.request.clone())));
                }
                State::Asked(mut call) => match call.as_mut().poll(cx) {
                    Poll::Ready(answer) => return Poll::Ready(Some(answer.and_then(|answer| this.take(&answer)))),
                    Poll::Pending => {
                        this.state = State::Asked(call);
                        return Poll::Pending;
                    }
                },
                State::Broken(error) => return Poll::Ready(Some(Err(error))),
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("limit", &self.limit).field("read", &self.read).finish_non_exhaustive()
    }
}

/// Returns the link as the API wrote it; an odd type is no link of ours to follow.
fn link(page: &Value) -> Result<Option<&str>, DownstreamError> {
    let names = ["@odata.nextLink", "nextLink"];
    match names.iter().filter_map(|name| page.get(name)).find(|link| !link.is_null()) {
        None => Ok(None),
        Some(Value::String(link)) => Ok(Some(link)),
        Some(_) => Err(DownstreamError::ForeignLink),
    }
}

impl Downstream {
    /// Returns the address of the page after this one; none after the last.
    ///
    /// For whoever shows one page at a time; [`pages`](Self::pages) reads them all.
    ///
    /// # Errors
    /// [`DownstreamError::ForeignLink`] for an address that is not below the API's base: following it would send the token,
    /// and a request from inside this network, to wherever the answer says.
    pub fn next_link(&self, page: &Value) -> Result<Option<Uri>, DownstreamError> {
        link(page)?.map(|link| self.0.agent.base.link(link).map_err(|_| DownstreamError::ForeignLink)).transpose()
    }

    /// Reads a list page by page, as `who`.
    ///
    /// This request goes first, then one where each page's link leads. One page waits in memory at a time, and at most `limit`
    /// are read. The request's headers go with every page's.
    pub fn pages<'a>(&'a self, who: &'a dyn TokenSource, request: Request<Bytes>, limit: NonZeroUsize) -> Pages<'a> {
        Pages::new(self, who, request, limit)
    }
}
