//! The checks, each in its file.

pub(super) mod ca;
pub(super) mod clock;
pub(super) mod configuration;
pub(super) mod credential;
pub(super) mod discovery;
pub(super) mod dns;
pub(super) mod hosting;
pub(super) mod keys;
pub(super) mod listener;
pub(super) mod permissions;
pub(super) mod proxy;
pub(super) mod reach;
mod refusal;
pub(super) mod roles;
