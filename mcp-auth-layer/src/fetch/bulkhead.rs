//! Keeps a host that hangs from taking all of a service's sockets and tasks.

use std::{
    future::Future,
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri, uri::Authority};
use moka::sync::Cache;
use tower::{BoxError, Service, ServiceExt, limit::ConcurrencyLimit, util::BoxCloneSyncService};

use super::FetchError;

pub(super) type Erased = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, BoxError>;

/// Gives every host its own lane, so that one that hangs delays nobody who asks another.
#[derive(Clone, Debug)]
pub(super) struct Bulkhead {
    inner: Erased,
    lanes: Cache<Option<Authority>, Lane>,
    at_once: NonZeroUsize,
    wait: Duration,
}

type Lane = ConcurrencyLimit<Erased>;

impl Bulkhead {
    pub(super) fn new(inner: Erased, at_once: NonZeroUsize, wait: Duration) -> Self {
        Self { inner, lanes: Cache::new(MAX_HOSTS), at_once, wait }
    }

    fn lane(&self, uri: &Uri) -> Lane {
        self.lanes.get_with(uri.authority().cloned(), || ConcurrencyLimit::new(self.inner.clone(), self.at_once.get()))
    }
}

impl Service<Request<Bytes>> for Bulkhead {
    type Response = Response<Bytes>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, BoxError>> + Send>>;

    // Which lane it is, and so whether there is room, is known only with the request.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let mut lane = self.lane(request.uri());
        let busy = FetchError::Busy { at_once: self.at_once.get(), waited: self.wait };
        let wait = self.wait;
        Box::pin(async move { tokio::time::timeout(wait, lane.ready()).await.map_err(|_| busy)??.call(request).await })
    }
}

/// Hosts come from the configuration; the bound is for those who make addresses up.
const MAX_HOSTS: u64 = 1_000;
