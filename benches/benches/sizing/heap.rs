//! How many bytes are alive.

use std::alloc::System;

use cap::Cap;

/// Counts the bytes that were asked for and not given back, without the allocator's own headers and gaps.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Returns the live bytes.
pub(crate) fn live() -> usize {
    HEAP.allocated()
}
