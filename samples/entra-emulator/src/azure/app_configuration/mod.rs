//! App Configuration: the key-values of a store, by filters of key and label.

mod data;
mod filter;
mod refusal;

use axum::{
    Router,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use self::{filter::Filter, refusal::AppConfiguration};
use super::{Action, Call, Caller, Denial, Page, answer};
use crate::shared::Shared;

/// The versions of the interface that know all that is served here.
const VERSIONS: [&str; 4] = ["1.0", "2023-10-01", "2023-11-01", "2024-09-01"];

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<AppConfiguration>(&call, |caller| {
        match call.parameter("api-version") {
            None => return Err(refusal::argument("api-version", "it is missing")),
            Some(version) if !VERSIONS.contains(&version) => {
                return Err(refusal::argument("api-version", "it is not supported"));
            }
            Some(_) => {}
        }
        let store = call.resource().map_err(|_| refusal::not_found())?;
        if !call.shared.state.azure.permits(caller, Action::ReadKeyValues, &store.id()) {
            return Err(refusal::forbidden());
        }
        if call.method != Method::GET {
            return Err(refusal::method());
        }
        read(&call, caller)
    })
    .await
}

fn read(call: &Call, _: &Caller) -> Result<Response, Denial> {
    let segments = call.segments();
    match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["kv"] => list(call),
        ["kv", key] => {
            let label = call.parameter("label").filter(|label| *label != "\0");
            let found = data::KEY_VALUES.iter().find(|it| it.key == *key && it.label == label);
            let found = found.ok_or_else(refusal::not_found)?;
            Ok(of_type("application/vnd.microsoft.appconfig.kv+json; charset=utf-8", &found.json()))
        }
        _ => Err(refusal::not_found()),
    }
}

fn list(call: &Call) -> Result<Response, Denial> {
    let key = Filter::read(call.parameter("key"), "key")?;
    let label = Filter::read(call.parameter("label"), "label")?;
    let seen = data::KEY_VALUES.iter().filter(|it| key.takes(Some(it.key)) && label.takes(it.label));
    let all: Vec<_> = seen.map(data::KeyValue::json).collect();
    let page = Page::cut(&all, call.parameter("after"), None);
    let page = page.ok_or_else(|| refusal::argument("after", "it is not a token of this list"))?;
    let mut body = json!({"items": page.items});
    let next = page.next.map(|token| next_link(call, &token));
    if let Some(next) = &next {
        body["@nextLink"] = json!(next);
    }
    let mut response = of_type("application/vnd.microsoft.appconfig.kvset+json; charset=utf-8", &body);
    if let Some(value) = next.and_then(|next| HeaderValue::try_from(format!("<{next}>; rel=\"next\"")).ok()) {
        response.headers_mut().insert(header::LINK, value);
    }
    Ok(response)
}

/// The address of the next page, relative to the store as in the real one.
fn next_link(call: &Call, token: &str) -> String {
    let kept = call.query.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("after"));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).append_pair("after", token);
    format!("{}?{}", call.path, query.finish())
}

fn of_type(content_type: &'static str, body: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, content_type)], body.to_string()).into_response()
}
