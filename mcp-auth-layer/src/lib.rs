//! Tower layers that protect a Rust service with Microsoft Entra ID.

pub mod audience;
pub mod audit;
pub mod authority;
pub mod bearer;
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
pub mod keys;
pub mod metadata;
pub mod redirect;
pub mod reject;
pub mod respond;
pub mod scope;
mod signal;
#[cfg(test)]
mod testkey;
#[cfg(test)]
mod testtenant;
pub mod token;
pub mod verify;

pub use self::{
    bearer::{BearerLayer, Caller},
    digest::TokenDigest,
    entra::EntraApp,
    token::VerifiedToken,
};
