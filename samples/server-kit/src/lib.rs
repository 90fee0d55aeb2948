//! What the sample servers do alike.
//!
//! # Layout
//! - `settings`: how the environment is read, all mistakes at once
//! - `logging`, `meter`, `health`: what operators see
//! - `serve`: connections and shutdown
//! - `failure`: what callers are told when a call fails

pub mod failure;
pub mod health;
pub mod logging;
pub mod meter;
pub mod serve;
pub mod settings;
