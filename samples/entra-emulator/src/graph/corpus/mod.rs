//! The posts that the emulated tenant holds: our own writing, about changes that nobody plans.
//!
//! What is particular to a post stands in the JSON files, one per area; [`body`] composes its HTML from that. All dates
//! lie in the year before 2026-08-01, so that answers are the same on every day a test runs.

mod body;
mod draft;

use std::cmp::Reverse;
use std::sync::LazyLock;

#[cfg(test)]
use jiff::Timestamp;

use self::draft::Draft;
use super::message::Message;

/// The day on which the corpus was "read": 2026-08-01T00:00:00Z.
#[cfg(test)]
const CLOCK: Timestamp = Timestamp::constant(1_785_542_400, 0);

const AREAS: [&str; 6] = [
    include_str!("collaboration.json"),
    include_str!("compliance.json"),
    include_str!("content.json"),
    include_str!("identity.json"),
    include_str!("mail.json"),
    include_str!("platform.json"),
];

static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| {
    let mut messages: Vec<Message> = AREAS
        .iter()
        .flat_map(|area| {
            // The text is part of the program: what a test has read once can be read always.
            serde_json::from_str::<Vec<Draft>>(area).expect("the shipped corpus is well-formed")
        })
        .map(Draft::into_message)
        .collect();
    messages.sort_by_key(|message| Reverse(message.last_modified));
    messages
});

/// All posts, the most recently modified first, as Graph lists them when nothing else is asked for.
pub(super) fn messages() -> &'static [Message] {
    &MESSAGES
}

#[cfg(test)]
mod tests;
