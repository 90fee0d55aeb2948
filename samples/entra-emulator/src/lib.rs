//! Stub.

pub mod graph;
