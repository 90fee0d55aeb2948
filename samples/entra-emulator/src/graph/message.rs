use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// One Message Center post, with the fields of Graph's `serviceUpdateMessage`.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) is_major_change: bool,
    pub(super) services: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) last_modified: Timestamp,
    pub(super) action_required_by: Option<Timestamp>,
    pub(super) details: Vec<Detail>,
    /// HTML: Graph delivers no other `contentType` for these posts.
    pub(super) body: String,
}

/// One name and value of a post's `details`.
#[derive(Debug, Clone)]
pub(super) struct Detail {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// `serviceUpdateCategory`, in the order of its numeric values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Category {
    PreventOrFixIssue,
    PlanForChange,
    StayInformed,
}

impl Category {
    pub(super) const ALL: [Self; 3] = [Self::PreventOrFixIssue, Self::PlanForChange, Self::StayInformed];

    /// The member's name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PreventOrFixIssue => "preventOrFixIssue",
            Self::PlanForChange => "planForChange",
            Self::StayInformed => "stayInformed",
        }
    }
}

/// `serviceUpdateSeverity`, in the order of its numeric values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Severity {
    Normal,
    High,
    Critical,
}

impl Severity {
    pub(super) const ALL: [Self; 3] = [Self::Normal, Self::High, Self::Critical];

    /// The member's name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl Message {
    /// The post as Graph sends it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "title": self.title,
            "category": self.category.name(),
            "severity": self.severity.name(),
            "isMajorChange": self.is_major_change,
            "services": self.services,
            "tags": self.tags,
            "startDateTime": self.start.to_string(),
            "endDateTime": self.end.to_string(),
            "lastModifiedDateTime": self.last_modified.to_string(),
            "actionRequiredByDateTime": self.action_required_by.map(|at| at.to_string()),
            "details": self.details.iter().map(Detail::to_json).collect::<Vec<_>>(),
            "body": { "contentType": "html", "content": self.body },
            "viewPoint": null,
            "hasAttachments": false,
            "attachmentsArchive": null,
        })
    }
}

impl Detail {
    fn to_json(&self) -> Value {
        json!({ "name": self.name, "value": self.value })
    }
}
