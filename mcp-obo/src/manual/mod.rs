//! What this crate protects against.

pub mod threats;
