//! A verdict, or the bounded wait for one.

use std::future::Future;

use crate::{
    authority::{BoxFuture, PATIENCE},
    reject::Rejection,
    token::VerifiedToken,
};

/// A verdict, or the wait for one.
pub(crate) enum Progress {
    Done(Result<VerifiedToken, Rejection>),
    Waiting(BoxFuture<'static, Result<VerifiedToken, Rejection>>),
}

impl Progress {
    /// Bounds the whole wait: discovery and keys have a bound each, and a key source of one's own may have none.
    pub(super) fn waiting(verdict: impl Future<Output = Result<VerifiedToken, Rejection>> + Send + 'static) -> Self {
        Self::Waiting(Box::pin(async move {
            let bounded = tokio::time::timeout(PATIENCE, verdict).await;
            bounded.unwrap_or(Err(Rejection::Unavailable { retry_after: PATIENCE }))
        }))
    }
}
