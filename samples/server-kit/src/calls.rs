//! How a call of a tool is run: for how long, and what becomes of one that panics.
//!
//! rmcp runs each call in a task of its own. That task goes on when the caller has left, nobody asks how it ended, and the end of
//! the program is its end.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use rmcp::{RoleServer, service::RequestContext};
use tokio::time;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

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
    context.ct.run_until_cancelled(caught(call)).await.unwrap_or_else(|| Err(cancelled()))
}

fn cancelled() -> Failure {
    Failure::new("cancelled", Who::Nobody, "Nobody waited for the answer any more.", "Call again if it is needed.")
}

/// How long the answer of a call that the program waited for may take to go out.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// The calls under way; clones share them.
///
/// One that changes something may have done so when it is cut off, and somebody would do it again. So it comes to its end
/// whoever waits for it, and the program does not end before it has been written down.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    under_way: TaskTracker,
    ending: CancellationToken,
}

impl Calls {
    /// Begins a call, which is under way until this is dropped: when it has been written down.
    pub fn begin(&self) -> TaskTrackerToken {
        self.under_way.token()
    }

    /// Runs a call that changes nothing [while it is awaited](while_awaited), and no longer than the program.
    ///
    /// # Errors
    /// As there.
    pub async fn read<T>(
        &self,
        context: &RequestContext<RoleServer>,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.ending.run_until_cancelled(while_awaited(context, call)).await.unwrap_or_else(|| Err(cancelled()))
    }

    /// Runs a call that changes something to its end, where its caller is still there as it begins.
    ///
    /// # Errors
    /// The call's own; `internal` where it panicked; `cancelled` where it did not begin.
    pub async fn write<T>(
        &self,
        context: &RequestContext<RoleServer>,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if context.ct.is_cancelled() {
            return Err(cancelled());
        }
        caught(call).await
    }

    /// Ends the calls that read and waits for those that write; for the end of the program, once nobody is served any more.
    pub async fn ended(&self) {
        self.under_way.close();
        self.ending.cancel();
        if self.under_way.is_empty() {
            return;
        }
        tracing::info!(calls = self.under_way.len(), "waiting for calls under way; another signal ends nothing sooner");
        self.under_way.wait().await;
        time::sleep(LAST_ANSWERS).await;
    }
}

/// Makes a failure of a panic, whose message the panic hook has written.
///
/// # Errors
/// The call's own; `internal` where it panicked.
async fn caught<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let internal = |_| {
        Failure::new(
            "internal",
            Who::Operator,
            "The tool failed inside this server, for no reason of yours.",
            "Find the panic in the server's log; if the call was to change something, it may have done so.",
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

    #[tokio::test(start_paused = true)]
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
