//! Tower layers that protect a Rust service with Microsoft Entra ID.

pub mod audience;
pub mod authority;
pub mod bypass;
pub mod challenge;
pub mod claims;
pub mod clock;
pub mod cloud;
pub mod config;
mod digest;
pub mod entra;
pub mod fetch;
mod flight;
pub mod issuer;
pub mod redirect;
pub mod reject;
pub mod respond;
pub mod scope;
mod signal;
pub mod token;

pub use self::{digest::TokenDigest, entra::EntraApp, token::VerifiedToken};
