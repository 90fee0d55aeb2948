//! How long, how large and how many.

use std::{num::NonZeroUsize, time::Duration};

/// Bounds of the ready-made client.
///
/// # Defaults
/// 5 s to connect (name, proxy and TLS handshake included), 10 s in all, 1 MiB of body; 256 requests at once to one host,
/// where the next one waits 2 s at most. The wait comes before the 10 s, so that no call takes longer than 12 s.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    pub(super) connect: Duration,
    pub(super) total: Duration,
    pub(super) body: usize,
    pub(super) at_once: NonZeroUsize,
    pub(super) wait: Duration,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(10),
            body: 1 << 20,
            at_once: AT_ONCE,
            wait: Duration::from_secs(2),
        }
    }
}

impl FetchLimits {
    /// Sets how long a connection may take.
    ///
    /// An HTTP/2 connection on which nothing arrives for as long is given up, too.
    #[must_use]
    pub const fn with_connect_timeout(mut self, connect: Duration) -> Self {
        self.connect = connect;
        self
    }

    /// Sets how long the whole exchange may take.
    #[must_use]
    pub const fn with_timeout(mut self, total: Duration) -> Self {
        self.total = total;
        self
    }

    /// Sets how many bytes an answer may have.
    #[must_use]
    pub const fn with_max_body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Sets how many requests to one host may be under way at once.
    #[must_use]
    pub const fn with_concurrency(mut self, at_once: NonZeroUsize) -> Self {
        self.at_once = at_once;
        self
    }

    /// Sets how long a request may wait for its turn.
    #[must_use]
    pub const fn with_max_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// At Entra's usual 200 ms this is more than 1,000 requests a second, and a hung host costs no more than 256 sockets;
/// a hung resolver, which tokio asks on its 512 blocking threads, leaves the other half of them.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");
