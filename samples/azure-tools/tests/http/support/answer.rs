//! An HTTP answer, and what MCP means by it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer that has been read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the result of a call that succeeded.
    pub(crate) fn result(&self) -> Value {
        let body = self.json();
        assert!(self.status == 200 && body["result"]["isError"] != true, "{self:?}");
        let content = body["result"]["structuredContent"].clone();
        assert!(content.is_object(), "{self:?}");
        content
    }

    /// Returns what a failed call says: kind, cause, cure and the rest.
    pub(crate) fn failure(&self) -> Value {
        let body = self.json();
        assert!(self.status == 200 && body["result"]["isError"] == true, "{self:?}");
        let failure = body["result"]["structuredContent"]["error"].clone();
        assert!(failure["kind"].is_string() && failure["cure"].is_string(), "{self:?}");
        let text = body["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        for part in ["cause", "cure"] {
            assert!(text.contains(failure[part].as_str().unwrap()), "the text lacks the {part}: {self:?}");
        }
        failure
    }
}
