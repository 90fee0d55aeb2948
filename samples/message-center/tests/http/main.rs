//! The whole server over real HTTP, in front of the emulated tenant and Graph.

mod authorize;
mod binary;
mod connections;
mod endpoints;
mod exchanges;
mod failures;
mod hatches;
mod refusals;
mod support;
