//! The tenant over HTTP, as its clients see it.

#![allow(clippy::unwrap_used, reason = "clippy knows test functions, not the functions that they call")]

mod app_only;
mod authorize;
mod azure;
mod binary;
mod client_authentication;
mod code;
mod control;
mod developer_tools;
mod discovery;
mod faults;
mod federated;
mod graph;
mod managed_identity;
mod on_behalf_of;
mod refresh;
mod sdk;
mod tenant;
mod tokens;
mod vault;
mod workload;
