//! The list of a vault's secrets: their names and attributes, never their values.

use axum::response::Response;
use serde_json::{Value, json};

use super::{access::Access, bundle, refusal, respond};
use crate::azure::{Action, Call, Denial, Page};

/// The most that one page may be asked to have.
const MOST: usize = 25;

pub(super) async fn secrets(call: Call) -> Response {
    respond(&call, |access| list(&call, access)).await
}

fn list(call: &Call, access: &Access<'_>) -> Result<Value, Denial> {
    access.check(call, Action::ListSecrets)?;
    let size = match call.parameter("maxresults").map(str::parse::<usize>) {
        None => None,
        Some(Ok(size @ 1..=MOST)) => Some(size),
        Some(_) => return Err(refusal::bad_parameter("maxresults must be a number from 1 to 25.")),
    };
    let all: Vec<_> = access.vault.current().iter().map(|(name, it)| bundle::item(call, name, it)).collect();
    let page = Page::cut(&all, call.parameter("$skiptoken"), size);
    let page = page.ok_or_else(|| refusal::bad_parameter("The $skiptoken is invalid."))?;
    let next = page.next.map(|token| {
        let version = call.parameter("api-version").unwrap_or_default();
        let size = size.map(|size| format!("&maxresults={size}")).unwrap_or_default();
        format!("{}/secrets?api-version={version}&$skiptoken={token}{size}", call.base)
    });
    Ok(json!({"value": page.items, "nextLink": next}))
}
