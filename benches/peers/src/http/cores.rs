//! Which processor a thread runs on: the servers on one, what asks them on another.

use std::thread;

/// The servers' processor.
pub(super) const OF_SERVERS: usize = 0;
/// The processor of what asks them.
pub(super) const OF_LOAD: usize = 1;

/// Keeps the calling thread on a processor, where there are at least two and the system lets one choose.
///
/// Where it does not, all servers suffer alike.
#[cfg(target_os = "linux")]
pub(super) fn keep_to(core: usize) {
    use rustix::thread::{CpuSet, sched_setaffinity};

    if thread::available_parallelism().is_ok_and(|all| all.get() > core.max(1)) {
        let mut only = CpuSet::new();
        only.set(core);
        // It may be forbidden.
        let _ = sched_setaffinity(None, &only);
    }
}

/// Does nothing: the system does not let one choose.
#[cfg(not(target_os = "linux"))]
pub(super) fn keep_to(_: usize) {}
