//! What the sample servers do alike.
//!
//! # Layout
//! - `program`: how a program begins, and says that it cannot
//! - `settings`: how the environment is read, all mistakes at once
//! - `logging`, `meter`, `health`: what operators see
//! - `serve`, `transport`, `endpoint`, `mcp`, `written`, `quoted`: connections and shutdown, and MCP over them
//! - `calls`: how a call of a tool is run, and for how long
//! - `failure`: what callers are told when a call fails
//! - `doctor`: why a server does not work here

pub mod calls;
pub mod doctor;
pub mod endpoint;
pub mod failure;
pub mod health;
pub mod logging;
pub mod mcp;
pub mod meter;
pub mod program;
mod quoted;
pub mod serve;
pub mod settings;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;
pub mod written;
