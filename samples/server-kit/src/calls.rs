//! How a call of a tool is run: for how long, and what becomes of one that panics.
//!
//! rmcp runs each call in a task of its own. That task goes on when the caller has left, nobody asks how it ended, and the end of
//! the program is its end.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;
use rmcp::{RoleServer, service::RequestContext};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::failure::{Failure, Who};

/// Runs a call that changes nothing for as long as somebody waits for its answer.
///
/// Over HTTP that is until the caller closes the stream of the request, which cancels it (MCP 2026-07-28, cancellation; in older
/// revisions nobody could be given the answer afterwards: there are no sessions here). Over standard input and output the
/// caller cancels it by its id.
///
/// # Errors
/// The call's own; `internal` where it panicked; `cancelled` where it was ended, for the meter and the audit trail, because nobody
/// else reads it.
pub async fn while_awaited<T>(
    context: &RequestContext<RoleServer>,
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let cancelled = || {
        Failure::new("cancelled", Who::Nobody, "The caller did not wait for the answer.", "Call again if it is needed.")
    };
    context.ct.run_until_cancelled(caught(call)).await.unwrap_or_else(|| Err(cancelled()))
}

/// The calls under way; clones share them.
///
/// One that changes something may have done so when it is cut off. So it comes to its end whoever waits for it, and the program
/// does not end before it has been written down.
#[derive(Clone, Debug, Default)]
pub struct Calls(TaskTracker);

impl Calls {
    /// Begins a call, which is under way until this is dropped: when it has been written down.
    pub fn begin(&self) -> TaskTrackerToken {
        self.0.token()
    }

    /// Waits until none is under way; for the end of the program, when nobody begins one any more.
    pub async fn ended(&self) {
        self.0.close();
        if !self.0.is_empty() {
            tracing::info!(calls = self.0.len(), "waiting for calls under way");
        }
        self.0.wait().await;
    }
}

/// Makes a failure of a panic, whose message the panic hook has written.
///
/// # Errors
/// The call's own; `internal` where it panicked.
pub async fn caught<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let internal = |_| {
        Failure::new(
            "internal",
            Who::Operator,
            "The tool failed inside this server, for no reason of yours.",
            "Find the panic in the server's log; what the call was to change may have been changed.",
        )
    };
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|panic| Err(internal(panic)))
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let call = async {
            yield_now().await;
            panic!("a mistake")
        };
        assert_eq!(caught::<()>(call).await.unwrap_err().kind, "internal");
        assert_eq!(caught(ready(Ok(3))).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_is_under_way_is_waited_for() {
        let calls = Calls::default();
        calls.ended().await;
        let (under_way, all) = (calls.begin(), calls.clone());
        let mut ended = Box::pin(all.ended());
        assert!(ended.as_mut().now_or_never().is_none());
        drop(under_way);
        ended.await;
    }
}
