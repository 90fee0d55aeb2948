//! The Message Center MCP server: Microsoft 365 announcements for the signed-in user.
//!
//! # Layout
//! - `stack`: the whole server in one file; read it first
//! - `settings`: the environment, turned into types, all mistakes at once
//! - `mcp`, `tools`: the MCP side; `graph`: the call behind it; `failure`: what callers are told when it fails
//! - `front_door`: where clients sign in; `discovery`, `meter`: the other endpoints
//! - `limits`: how often each of them may be asked
//! - beside this crate, `server_kit`: reading settings, logging, connections and shutdown, health
//! - `call`, `demo`, `doctor`: subcommands

pub mod call;
#[cfg(feature = "demo")]
pub mod demo;
pub mod discovery;
pub mod doctor;
pub mod failure;
pub mod front_door;
pub mod graph;
pub mod limits;
pub mod mcp;
pub mod meter;
pub mod settings;
pub mod stack;
pub mod tools;
