//! What the servers' tests read: answers over HTTP, and what was logged.

mod answer;
mod log;

pub use self::{
    answer::Answer,
    log::{Fields, Log},
};
