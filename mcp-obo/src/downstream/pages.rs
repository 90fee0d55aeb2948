//! Reads a list page by page (Graph's `@odata.nextLink`, Azure's `nextLink`), and never follows a link away from the API.

use std::{fmt, mem, num::NonZeroUsize};

use bytes::Bytes;
use http::{Request, Uri};
use serde_json::Value;

use super::{Downstream, agent::request_id, error::DownstreamError};
use crate::token_source::TokenSource;

/// The pages of one list; made by [`Downstream::pages`].
pub struct Pages<'a> {
    downstream: &'a Downstream,
    who: &'a dyn TokenSource,
    /// Its headers go with every page's request: Graph's `Prefer` and `ConsistencyLevel` count for each.
    request: Request<Bytes>,
    limit: NonZeroUsize,
    read: usize,
    state: State,
}

enum State {
    More,
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
        Self { downstream, who, request, limit, read: 0, state: State::More }
    }

    /// Reads the next page; none after the last one, and after an error.
    ///
    /// Too many pages are an error after the last that was to be read: a list that ends early would look complete.
    pub async fn next(&mut self) -> Option<Result<Value, DownstreamError>> {
        // Ended unless the page says otherwise; also when the caller drops the future in the middle.
        match mem::replace(&mut self.state, State::Ended) {
            State::Ended => None,
            State::Broken(error) => Some(Err(error)),
            State::More => Some(self.page().await),
        }
    }

    async fn page(&mut self) -> Result<Value, DownstreamError> {
        if self.read == self.limit.get() {
            return Err(DownstreamError::TooManyPages { limit: self.limit.get() });
        }
        let answer = self.downstream.call(self.who, self.request.clone()).await?;
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
                State::More
            }
            Ok(None) => State::Ended,
            Err(error) => State::Broken(error),
        };
        Ok(page)
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
    /// # Errors
    /// [`DownstreamError::ForeignLink`] for an address that is not below the API's base: following it would send the token,
    /// and a request from inside this network, to wherever the answer says.
    pub fn next_link(&self, page: &Value) -> Result<Option<Uri>, DownstreamError> {
        link(page)?.map(|link| self.0.agent.base.link(link).map_err(|_| DownstreamError::ForeignLink)).transpose()
    }

    /// Reads a list page by page, as `who`: this request first, then where each page's link leads.
    ///
    /// One page waits in memory at a time, and at most `limit` are read.
    #[must_use]
    pub fn pages<'a>(&'a self, who: &'a dyn TokenSource, request: Request<Bytes>, limit: NonZeroUsize) -> Pages<'a> {
        Pages::new(self, who, request, limit)
    }
}
