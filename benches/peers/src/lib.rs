//! The same requests behind our bearer layer and behind other crates' layers, in one run.
//!
//! Compare ratios inside one run; machines are noisy.

#![forbid(unsafe_code)]

pub mod cases;
pub mod claims;
pub mod http;
pub mod issuer;
pub mod limit;
pub mod measure;
pub mod processes;
pub mod stacks;
pub mod table;
