//! The shared cache on a real Redis, which each test starts for itself.
#![cfg(feature = "redis")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

mod cluster;
#[cfg(feature = "reqwest")]
mod cold_start;
mod lost_peer;
mod outages;
mod replicas;
mod secrecy;
mod sharing;
mod sizing;
mod tls;
