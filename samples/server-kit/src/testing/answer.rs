//! An HTTP answer, and what MCP means by it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer that has been read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its head.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// Reads an answer to its end.
    ///
    /// # Panics
    /// When it breaks off.
    pub async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a whole body") }
    }

    /// Returns a header, or nothing.
    ///
    /// # Panics
    /// When there are several of the name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().expect("ASCII"));
        assert!(values.next().is_none(), "{name} comes twice: {:?}", self.headers);
        first
    }

    /// Returns the body, as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the result of a call that succeeded.
    ///
    /// # Panics
    /// When it did not.
    pub fn result(&self) -> Value {
        let body = self.json();
        assert!(self.status == 200 && body["result"]["isError"] != true, "{self:?}");
        let content = body["result"]["structuredContent"].clone();
        assert!(content.is_object(), "{self:?}");
        content
    }

    /// Returns what a failed call says: kind, cause, cure and the rest.
    ///
    /// # Panics
    /// When it did not fail, or says less.
    pub fn failure(&self) -> Value {
        let body = self.json();
        assert!(self.status == 200 && body["result"]["isError"] == true, "{self:?}");
        let failure = body["result"]["structuredContent"]["error"].clone();
        assert!(failure["kind"].is_string() && failure["cure"].is_string(), "{self:?}");
        let text = body["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
        for part in ["cause", "cure"] {
            assert!(text.contains(failure[part].as_str().unwrap_or_default()), "the text lacks the {part}: {self:?}");
        }
        failure
    }
}
