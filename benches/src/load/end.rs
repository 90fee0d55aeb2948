//! When a run stops.

use std::time::Duration;

/// When a run stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// After so long, what is not counted at the beginning included.
    After(Duration),
    /// After so many requests, such as one of each caller.
    Requests(u64),
}
