//! What this crate protects against, and what it takes.

#[doc = include_str!("sizing.md")]
pub mod sizing {}
pub mod threats;
