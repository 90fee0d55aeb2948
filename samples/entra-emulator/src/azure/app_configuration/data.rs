//! What is in Contoso's store.

use serde_json::{Value, json};

/// One key-value; a key can have several, each with another label.
pub(super) struct KeyValue {
    pub(super) key: &'static str,
    pub(super) label: Option<&'static str>,
    value: &'static str,
    content_type: Option<&'static str>,
    etag: &'static str,
}

const fn kv(key: &'static str, label: Option<&'static str>, value: &'static str, etag: &'static str) -> KeyValue {
    KeyValue { key, label, value, content_type: None, etag }
}

pub(super) const KEY_VALUES: [KeyValue; 7] = [
    KeyValue {
        content_type: Some("application/vnd.microsoft.appconfig.ff+json;charset=utf-8"),
        ..kv(
            ".appconfig.featureflag/NewCheckout",
            None,
            r#"{"id":"NewCheckout","description":"","enabled":true,"conditions":{"client_filters":[]}}"#,
            "wW1oQ0rVdZ4nKqf1cP0Xb2T7e8M",
        )
    },
    kv("Shop:Banner", None, "Welcome", "aF3kLm9Qp2XcVb7Nz1RtYu5WeHg"),
    kv("Shop:Banner", Some("test"), "Welcome to the test", "Zx8CvBn4Mk2JhGf6DsAq1Wp3OlE"),
    kv("Shop:Currency", None, "EUR", "Qw2ErTy7UiOp5AsDf9GhJk1LzXc"),
    kv("Shop:MaxItems", None, "50", "Vb3NmQw8ErTy1UiOp6AsDf4GhJk"),
    kv("Shop:MaxItems", Some("test"), "5", "Lk9JhGf5DsAq2ZxCvBn7MwErTyU"),
    kv("Telemetry:Level", Some("production"), "warning", "Po4IuYt8ReWq3AsDf6GhJk2LmNb"),
];

impl KeyValue {
    pub(super) fn json(&self) -> Value {
        let Self { key, label, value, content_type, etag } = self;
        json!({
            "etag": etag, "key": key, "label": label, "content_type": content_type, "value": value, "tags": {},
            "locked": false, "last_modified": "2025-06-02T09:41:07+00:00",
        })
    }
}
