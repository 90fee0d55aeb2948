//! Tower layers that protect a Rust service with Microsoft Entra ID.

pub mod bypass;
pub mod redirect;
pub mod respond;
