use jiff::Timestamp;
use serde::Deserialize;

use super::body;
use crate::graph::message::{Category, Detail, Message, Severity};

/// One post as its JSON file holds it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) is_major_change: bool,
    pub(super) services: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) platforms: Vec<String>,
    /// Numbers on the public roadmap.
    pub(super) roadmap: Vec<u32>,
    pub(super) start: Timestamp,
    pub(super) last_modified: Timestamp,
    pub(super) end: Timestamp,
    pub(super) action_required_by: Option<Timestamp>,
    pub(super) form: Form,
    /// One sentence, also the `Summary` among the details.
    pub(super) summary: String,
    /// Paragraphs that explain the reason.
    pub(super) story: Vec<String>,
    /// What is different afterwards.
    pub(super) changes: Vec<String>,
    /// What a reader has to do.
    pub(super) steps: Vec<String>,
    /// HTML that goes into the body as it is.
    #[serde(default)]
    pub(super) markup: String,
}

/// How much a body says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Form {
    /// Reason, changes, audience and steps.
    Brief,
    /// The same with a schedule and a table of phases.
    Full,
    /// The same with answers to questions and a text to pass on.
    Guide,
}

impl Draft {
    pub(super) fn into_message(self) -> Message {
        Message {
            body: body::html(&self),
            details: self.details(),
            id: self.id,
            title: self.title,
            category: self.category,
            severity: self.severity,
            is_major_change: self.is_major_change,
            services: self.services,
            tags: self.tags,
            start: self.start,
            end: self.end,
            last_modified: self.last_modified,
            action_required_by: self.action_required_by,
        }
    }

    /// A detail without a value is left out: readers must not count on its place.
    fn details(&self) -> Vec<Detail> {
        let roadmap: Vec<_> = self.roadmap.iter().map(u32::to_string).collect();
        [("RoadmapIds", roadmap.join(",")), ("Summary", self.summary.clone()), ("Platforms", self.platforms.join(", "))]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| Detail { name, value })
            .collect()
    }
}
