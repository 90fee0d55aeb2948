//! Results that are written once.
//!
//! A tool's result stands in the answer twice: as text for models, and as it is for programs. Where the tool has its JSON as
//! text already, reading that into a tree and writing the tree twice is most of what a call costs. Such a tool leaves the text
//! beside the request and gives rmcp a placeholder; [`Endpoint`](crate::endpoint::Endpoint) puts the text in its place.

use std::{
    convert::Infallible,
    sync::{Arc, LazyLock, OnceLock},
};

use bytes::Bytes;
use http::{Response, header::CONTENT_LENGTH, request::Parts};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use memchr::memmem::Finder;
use rmcp::{ErrorData, model::CallToolResult};
use serde_json::Value;
use uuid::Uuid;

use crate::{mcp, quoted};

/// What rmcp answers over HTTP.
pub type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Where a tool leaves its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot(Arc<OnceLock<String>>);

/// What stands for the result meanwhile. Nobody outside can know it, so no answer holds it by intent.
static PLACEHOLDER: LazyLock<String> = LazyLock::new(|| format!("written-{}", Uuid::new_v4()));

/// Returns a success that programs and people can read; `json` is one well-formed JSON value.
///
/// # Errors
/// [`ErrorData`] where rmcp is not behind an [`Endpoint`](crate::endpoint::Endpoint), or a request has two results.
pub fn success(parts: &Parts, json: String) -> Result<CallToolResult, ErrorData> {
    let left = parts.extensions.get::<Slot>().is_some_and(|slot| slot.0.set(json).is_ok());
    if !left {
        tracing::error!("a result has no place: rmcp is not behind an endpoint, or the request has one already");
        return Err(ErrorData::internal_error("this server is not wired as it should be", None));
    }
    Ok(mcp::success(Value::String(PLACEHOLDER.clone())))
}

impl Slot {
    /// Puts one beside a request.
    pub(crate) fn left_in(request: &mut Parts) -> Self {
        let slot = Self::default();
        request.extensions.insert(slot.clone());
        slot
    }

    /// Puts the tool's result into rmcp's answer.
    pub(crate) async fn fill(self, answer: Answer) -> Answer {
        let Some(json) = self.0.get() else { return answer };
        let (mut parts, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        let body = body.to_bytes();
        // Without a placeholder it is another answer than the tool's, such as an error of the protocol.
        let body = splice(&body, json).unwrap_or(body);
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, Full::new(body).boxed())
    }
}

/// The first place is that of `content`, where the tree's text stood: a string in a string.
fn splice(envelope: &[u8], json: &str) -> Option<Bytes> {
    let (before, rest) = split_once(envelope, &TEXT)?;
    let (between, after) = split_once(rest, &STRUCTURED)?;
    // Half as much again for the text's backslashes mostly suffices.
    let mut whole = Vec::with_capacity(envelope.len() + json.len() * 5 / 2);
    whole.extend_from_slice(before);
    quoted::write(&mut whole, json).ok()?;
    whole.extend_from_slice(between);
    whole.extend_from_slice(json.as_bytes());
    whole.extend_from_slice(after);
    Some(whole.into())
}

fn split_once<'a>(text: &'a [u8], at: &Finder<'_>) -> Option<(&'a [u8], &'a [u8])> {
    let start = at.find(text)?;
    Some((&text[..start], &text[start + at.needle().len()..]))
}

/// The placeholder as rmcp writes it for models: JSON in JSON.
static TEXT: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(&format!(r#""\"{}\"""#, *PLACEHOLDER)).into_owned());

/// The placeholder as rmcp writes it for programs.
static STRUCTURED: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(&format!(r#""{}""#, *PLACEHOLDER)).into_owned());

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;
    use serde_json::json;

    use super::*;

    /// What becomes of an answer whose body the tool makes.
    async fn filled(answer: http::response::Builder, tool: impl Fn(&Parts) -> Value) -> Answer {
        let (mut request, ()) = Request::new(()).into_parts();
        let slot = Slot::left_in(&mut request);
        let body = tool(&request).to_string();
        slot.fill(answer.header(CONTENT_LENGTH, body.len()).body(Full::new(Bytes::from(body)).boxed()).unwrap()).await
    }

    async fn answered(tool: impl Fn(&Parts) -> Value) -> Bytes {
        filled(Response::builder(), tool).await.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_written_result_is_the_same_as_a_tree() {
        let tree = json!({"value": [{"id": "MC1", "body": "\"quoted\" \\ and\nbroken \u{1F600} \u{1b}"}], "n": 1.5});
        let written = answered(|parts| json!({"id": 7, "result": success(parts, tree.to_string()).unwrap()})).await;
        let expected = json!({"id": 7, "result": mcp::success(tree.clone())}).to_string();
        assert_eq!(str::from_utf8(&written).unwrap(), expected);
    }

    #[tokio::test]
    async fn what_is_no_result_stays_as_it_is() {
        let refused = json!({"id": 7, "error": {"code": -32602, "message": "there is no such tool"}});
        assert_eq!(answered(|_| refused.clone()).await, refused.to_string());
        let dropped = answered(|parts| {
            drop(success(parts, "{}".to_owned()));
            refused.clone()
        });
        assert_eq!(dropped.await, refused.to_string());
    }

    #[tokio::test]
    async fn all_but_the_body_and_its_length_stays() {
        let answer = Response::builder().status(201).header("x", "y");
        let answer = filled(answer, |parts| json!({"result": success(parts, "{}".to_owned()).unwrap()})).await;
        let headers = answer.headers();
        assert_eq!((answer.status().as_u16(), headers["x"].to_str().unwrap()), (201, "y"));
        // hyper trusts a length that it finds, and the text has another one than what stood for it.
        assert_eq!(headers.get(CONTENT_LENGTH), None);
    }

    #[tokio::test]
    async fn an_answer_without_a_result_is_passed_on_unread() {
        let answer = filled(Response::builder(), |_| json!({})).await;
        assert_eq!(answer.headers()[CONTENT_LENGTH], "2");
    }

    #[tokio::test]
    async fn a_request_has_one_result() {
        let written = answered(|parts| {
            let first = success(parts, r#"{"n":1}"#.to_owned()).unwrap();
            assert!(success(parts, r#"{"n":2}"#.to_owned()).is_err());
            json!({"result": first})
        });
        let expected = json!({"result": mcp::success(json!({"n": 1}))}).to_string();
        assert_eq!(written.await, expected);
    }

    #[tokio::test]
    async fn without_an_endpoint_there_is_no_result() {
        let (parts, ()) = Request::new(()).into_parts();
        assert!(success(&parts, "{}".to_owned()).is_err());
    }

    #[test]
    fn a_caller_cannot_choose_where_the_result_stands() {
        let named = json!({"id": "written-", "result": mcp::success(Value::String("written-".to_owned()))}).to_string();
        assert!(splice(named.as_bytes(), "{}").is_none());
    }
}
