//! The whole server over real HTTP, in front of the emulated tenant and Graph.

mod binary;
mod exchanges;
mod failures;
mod hatches;
mod refusals;
mod support;
