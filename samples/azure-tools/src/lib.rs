//! Azure for MCP clients: the Azure MCP Server's remote mode, as the signed-in user or as the place where the server runs.
//!
//! # Layout
//! - `stack`: the whole server in one file; read it first
//! - `arguments`, `settings`: the command line and the environment, turned into types, all mistakes at once
//! - `acting`: as whom a call goes out, and why some services refuse users
//! - `services`: the Azure services, their addresses in each cloud, and what they expose
//! - `azure`: calls to them; no token goes to a host that is not theirs
//! - `tools`: one file for each tool
//! - `known_limits`: the page of that name, made from the catalogue
//! - `doctor`: why it does not work here
//! - `setup`: the app registration, printed or made
//! - `audit`, `meter`: what operators see of each call
//! - `mcp`: the MCP side; `failure`: what callers are told when a service refuses
//!
//! Reading settings, logging, connections, health: `server_kit`.

pub mod acting;
pub mod arguments;
mod audit;
pub mod azure;
pub mod doctor;
pub mod failure;
pub mod known_limits;
pub mod mcp;
pub mod meter;
pub mod services;
pub mod settings;
pub mod setup;
pub mod stack;
pub mod tools;
