//! The whole server over real HTTP, in front of the emulated tenant and Graph.

#![allow(clippy::unwrap_used, reason = "what a test cannot unwrap has failed it")]

mod binary;
mod callers;
mod connections;
mod credentials;
mod doctor;
mod endpoints;
mod exchanges;
mod failures;
mod front_door;
mod hatches;
mod hosting;
mod limits;
mod metrics;
mod refusals;
mod replicas;
mod sessions;
mod sharing;
mod support;
