//! A request's body that has to come in time, and that tells why it did not.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

/// Why a body came to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFault {
    Late,
    Broken,
}

pin_project! {
    /// A body that is read as it comes, so that nobody holds more of it than its reader wants.
    pub(super) struct Bounded<B> {
        #[pin]
        body: B,
        #[pin]
        late: Sleep,
        fault: Arc<OnceLock<BodyFault>>,
    }
}

/// Bounds the time of a body, and returns where its fault will stand.
pub(super) fn bounded<B>(body: B, patience: Duration) -> (Bounded<B>, Arc<OnceLock<BodyFault>>) {
    let fault = Arc::<OnceLock<_>>::default();
    (Bounded { body, late: sleep(patience), fault: Arc::clone(&fault) }, fault)
}

impl<B: Body> Body for Bounded<B> {
    type Data = B::Data;
    /// For whoever reads it; the fault is what counts.
    type Error = &'static str;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, &'static str>>> {
        let this = self.project();
        let (fault, why) = match this.body.poll_frame(cx) {
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) => return Poll::Ready(Some(Ok(frame))),
            Poll::Ready(Some(Err(_))) => (BodyFault::Broken, "broken"),
            Poll::Pending => {
                ready!(this.late.poll(cx));
                (BodyFault::Late, "late")
            }
        };
        let _ = this.fault.set(fault);
        Poll::Ready(Some(Err(why)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
