//! The response future, which learns from responses whose sessions begin and end.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{
    id::{SESSION_ID, SessionId},
    owner::Owner,
    table::{Bound, Sessions},
};
use crate::{early, reject::Rejection};

pin_project! {
    /// The response of [`SessionBinding`](super::SessionBinding).
    pub struct ResponseFuture<F, B> {
        #[pin]
        response: early::ResponseFuture<F, B>,
        // None for a refusal, which settles nothing.
        settlement: Option<Settlement>,
    }
}

/// What a response changes in the table.
pub(super) struct Settlement {
    pub(super) sessions: Arc<Sessions>,
    pub(super) caller: Owner,
    /// The caller's session that ends when the response is a success.
    pub(super) ends: Option<SessionId>,
}

impl Settlement {
    fn settle<B>(self, response: &mut Response<B>) {
        if let Some(id) = self.ends.filter(|_| response.status().is_success()) {
            self.sessions.unbind(id);
            // Nothing was opened: an id that stands here is the one that has ended, or another caller's.
            response.headers_mut().remove(SESSION_ID);
            return;
        }
        let theirs = match SessionId::named(response.headers()) {
            Ok(None) => true,
            Ok(Some(id)) => self.sessions.bind(id, &self.caller) == Bound::ToThem,
            Err(_) => false,
        };
        if !theirs {
            // Its caller could not use it, and may be another than its owner.
            response.headers_mut().remove(SESSION_ID);
            tracing::error!(
                "the server answered with a session id that is malformed or another caller's; it was removed"
            );
        }
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(super) const fn calling(response: F, settlement: Settlement) -> Self {
        Self { response: early::ResponseFuture::calling(response), settlement: Some(settlement) }
    }

    pub(super) fn refused(why: Rejection) -> Self
    where
        B: Default,
    {
        Self { response: early::ResponseFuture::answered(why.into_response()), settlement: None }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.response.poll(cx))?;
        if let Some(settlement) = this.settlement.take() {
            settlement.settle(&mut response);
        }
        Poll::Ready(Ok(response))
    }
}

impl<F, B> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
