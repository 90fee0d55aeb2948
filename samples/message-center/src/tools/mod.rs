//! The tools: one.

pub mod get_messages;
mod messages;
pub mod page;
mod sound;
