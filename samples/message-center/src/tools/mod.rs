//! The tools: one.

pub mod get_messages;
