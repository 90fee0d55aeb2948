//! The whole server over real HTTP, behind the emulated network: it talks to Azure's own host names.

#![allow(clippy::unwrap_used, reason = "what a test cannot unwrap has failed it")]

mod arguments;
mod binary;
mod callers;
mod doctor;
mod lists;
mod refusals;
mod support;
mod table;
mod writers;
