mod filter;
mod options;
mod parser;

use jiff::Timestamp;

use crate::graph::message::{Category, Message, Severity};

/// One message with a value in every property.
fn message() -> Message {
    Message {
        id: "MC1234567".into(),
        title: "Retirement of O'Brien's Überblick".into(),
        category: Category::PlanForChange,
        severity: Severity::High,
        is_major_change: true,
        services: vec!["Microsoft Teams".into(), "Exchange Online".into()],
        tags: vec!["Retirement".into(), "User impact".into()],
        start: at("2026-03-01T09:00:00Z"),
        end: at("2026-09-01T07:00:00Z"),
        last_modified: at("2026-03-15T10:30:00Z"),
        action_required_by: Some(at("2026-06-01T07:00:00Z")),
        details: Vec::new(),
        body: "<p>Use the new <b>Copilot</b> view.</p>".into(),
    }
}

/// A message without tags and without a deadline.
fn bare() -> Message {
    Message { tags: Vec::new(), action_required_by: None, ..message() }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
