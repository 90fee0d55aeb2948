//! The whole server over real HTTP, in front of the emulated tenant and Graph.

mod exchanges;
mod refusals;
mod support;
