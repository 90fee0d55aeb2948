//! How the environment is read: once, typed, and with every mistake told at once.
//!
//! A blank variable is unset; a value that does not parse is a mistake. The process environment is read in [`Process`] and
//! nowhere else.

pub mod app;
pub mod certificate;
pub mod cloud;
pub mod egress;
pub mod host;
pub mod listener;
mod mistakes;
mod reader;
pub mod url;
mod vars;

pub use self::{
    mistakes::Mistakes,
    reader::{Reader, explained, list},
    vars::{Layered, Process, Unattended, Vars},
};
