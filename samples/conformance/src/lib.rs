//! One MCP server with everything that the conformance suite asks for, without the layers and behind them.
//!
//! The suite has no way to send a token, so a [`proxy`] adds it. `run`, next to this crate's `README.md`, drives the suite
//! against both servers and compares what it found.
//!
//! # Reading order
//! [`stack`] (the two servers), [`proxy`], then the fixture: [`fixture`], `tools`, `prompts`, `resources`, `changes`.

mod changes;
pub mod fixture;
mod prompts;
pub mod proxy;
mod resources;
pub mod stack;
mod state;
mod tools;
mod wire;
