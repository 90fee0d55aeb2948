//! Changes of the lists, from the tools that make them to the streams that were opened for them.

use rmcp::service::SubscriptionContext;
use tokio::sync::broadcast;

/// Changes that a stream may fall behind by. One that misses more learns of the next.
const BACKLOG: usize = 16;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Tools,
    Prompts,
}

/// Where changes are announced.
#[derive(Clone, Debug)]
pub(crate) struct Changes(broadcast::Sender<Change>);

impl Changes {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }

    pub(crate) fn announce(&self, change: Change) {
        // Nobody listens: nobody has to know.
        let _ = self.0.send(change);
    }

    /// Tells one stream of the changes that it asked for, until it ends.
    pub(crate) async fn tell(&self, stream: &SubscriptionContext) {
        let mut changes = self.0.subscribe();
        loop {
            let change = tokio::select! {
                () = stream.cancelled() => return,
                change = changes.recv() => change,
            };
            // The sink refuses what the stream did not ask for, and that is not the end of it.
            let _ = match change {
                Ok(Change::Tools) => stream.sink().notify_tool_list_changed().await,
                Ok(Change::Prompts) => stream.sink().notify_prompt_list_changed().await,
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return,
            };
        }
    }
}
