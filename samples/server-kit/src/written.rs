//! Results that are written once.
//!
//! A tool's result stands in the answer twice: as text for models, and as it is for programs. Where the tool has its JSON as
//! text already, reading that into a tree and writing the tree twice is most of what a call costs. Such a tool leaves the text
//! beside the request and gives rmcp a placeholder; [`WrittenLayer`], around rmcp, puts the text in its place.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, LazyLock, OnceLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_LENGTH, request::Parts};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use memchr::memmem::Finder;
use rmcp::{ErrorData, model::CallToolResult};
use serde_json::Value;
use tower_layer::Layer;
use tower_service::Service;
use uuid::Uuid;

use crate::mcp;

/// Where a tool leaves its result; in the extensions of every request behind a [`WrittenLayer`].
#[derive(Clone, Debug, Default)]
struct Slot(Arc<OnceLock<String>>);

/// What stands for the result meanwhile. Nobody outside can know it, so no answer holds it by intent.
static PLACEHOLDER: LazyLock<String> = LazyLock::new(|| format!("written-{}", Uuid::new_v4()));

/// Returns a success that programs and people can read; `json` is one well-formed JSON value.
///
/// # Errors
/// [`ErrorData`] where no [`WrittenLayer`] stands around rmcp, or a request has two results.
pub fn success(parts: &Parts, json: String) -> Result<CallToolResult, ErrorData> {
    let left = parts.extensions.get::<Slot>().is_some_and(|slot| slot.0.set(json).is_ok());
    if !left {
        tracing::error!("WrittenLayer is missing around the MCP service");
        return Err(ErrorData::internal_error("this server is not wired as it should be", None));
    }
    Ok(mcp::success(Value::String(PLACEHOLDER.clone())))
}

/// Puts written results into the answers of `S`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WrittenLayer;

impl<S> Layer<S> for WrittenLayer {
    type Service = Written<S>;

    fn layer(&self, inner: S) -> Written<S> {
        Written(inner)
    }
}

/// Puts written results into the answers of `S`; see [`WrittenLayer`].
#[derive(Clone, Debug)]
pub struct Written<S>(S);

type Answer = Response<BoxBody<Bytes, Infallible>>;

impl<S, B> Service<Request<B>> for Written<S>
where
    S: Service<Request<B>, Response = Answer>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Answer;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let slot = Slot::default();
        request.extensions_mut().insert(slot.clone());
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(match slot.0.get() {
                Some(json) => filled(answer, json).await,
                None => answer,
            })
        })
    }
}

async fn filled(answer: Answer, json: &str) -> Answer {
    let (mut parts, body) = answer.into_parts();
    let Ok(body) = body.collect().await;
    let body = body.to_bytes();
    // Without a placeholder it is another answer than the tool's, such as an error of the protocol.
    let body = splice(&body, json).unwrap_or(body);
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Full::new(body).boxed())
}

/// The first place is that of `content`, where the tree's text stood: a string in a string.
fn splice(envelope: &[u8], json: &str) -> Option<Bytes> {
    let (before, rest) = split_once(envelope, &TEXT)?;
    let (between, after) = split_once(rest, &STRUCTURED)?;
    // Half as much again for the text's backslashes mostly suffices.
    let mut whole = Vec::with_capacity(envelope.len() + json.len() * 5 / 2);
    whole.extend_from_slice(before);
    serde_json::to_writer(&mut whole, json).ok()?;
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
    use serde_json::json;
    use tower::ServiceExt as _;

    use super::*;

    async fn answered(tool: impl Fn(&Parts) -> Value + Clone) -> Bytes {
        let rmcp = tower::service_fn(move |request: Request<()>| {
            let body = tool(&request.into_parts().0).to_string();
            async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(body)).boxed())) }
        });
        let answer = WrittenLayer.layer(rmcp).oneshot(Request::new(())).await.unwrap();
        answer.into_body().collect().await.unwrap().to_bytes()
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
        let rmcp = tower::service_fn(async |request: Request<()>| {
            let body = json!({"result": success(&request.into_parts().0, "{}".to_owned()).unwrap()}).to_string();
            let answer = Response::builder().status(201).header("x", "y").header(CONTENT_LENGTH, body.len());
            Ok::<_, Infallible>(answer.body(Full::new(Bytes::from(body)).boxed()).unwrap())
        });
        let answer = WrittenLayer.layer(rmcp).oneshot(Request::new(())).await.unwrap();
        let headers = answer.headers();
        assert_eq!((answer.status().as_u16(), headers["x"].to_str().unwrap()), (201, "y"));
        // hyper trusts a length that it finds, and the text has another one than what stood for it.
        assert_eq!(headers.get(CONTENT_LENGTH), None);
    }

    #[tokio::test]
    async fn an_answer_without_a_result_is_passed_on_unread() {
        let rmcp = tower::service_fn(async |_: Request<()>| {
            let answer = Response::builder().header(CONTENT_LENGTH, 2);
            Ok::<_, Infallible>(answer.body(Full::new(Bytes::from_static(b"{}")).boxed()).unwrap())
        });
        let answer = WrittenLayer.layer(rmcp).oneshot(Request::new(())).await.unwrap();
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
    async fn without_the_layer_there_is_no_result() {
        let (parts, ()) = Request::new(()).into_parts();
        assert!(success(&parts, "{}".to_owned()).is_err());
    }

    #[test]
    fn a_caller_cannot_choose_where_the_result_stands() {
        let named = json!({"id": "written-", "result": mcp::success(Value::String("written-".to_owned()))}).to_string();
        assert!(splice(named.as_bytes(), "{}").is_none());
    }
}
