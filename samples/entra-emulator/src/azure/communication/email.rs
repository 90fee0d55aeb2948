//! `POST /emails:send` and the operation that it begins.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{check_version, refusal};
use crate::azure::{Call, Denial};

/// The domain that is linked to the resource; mail goes out from no other.
const DOMAIN: &str = "@contoso.com";
const FIRST_VERSION: &str = "2023-03-31";

pub(super) fn send(call: &Call) -> Result<Response, Denial> {
    check_version(call, FIRST_VERSION)?;
    let mail: Value = serde_json::from_slice(&call.body).map_err(|_| refusal::invalid("The body is malformed."))?;
    check(&mail)?;
    let asked = call.header("operation-id").map(str::parse::<Uuid>);
    let id = match asked {
        None => Uuid::new_v4().to_string(),
        Some(Ok(id)) => id.to_string(),
        Some(Err(_)) => return Err(refusal::invalid("The operation id is not a GUID.")),
    };
    let outbox = &call.shared.state.outbox;
    // Sent again with the same id, it is the same mail.
    if outbox.begin(&id) {
        let (from, to) = (&mail["senderAddress"], &mail["recipients"]);
        outbox.put(json!({"kind": "email", "id": id, "from": from, "recipients": to, "content": mail["content"]}));
    }
    let version = call.parameter("api-version").unwrap_or_default();
    let location = format!("{}/emails/operations/{id}?api-version={version}", call.base);
    let headers = [(HeaderName::from_static("operation-location"), location), (header::RETRY_AFTER, "1".to_owned())];
    let mut response = (StatusCode::ACCEPTED, Json(json!({"id": id, "status": "Running"}))).into_response();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn check(mail: &Value) -> Result<(), Denial> {
    let sender = mail["senderAddress"].as_str().unwrap_or_default();
    if !is_address(&mail["senderAddress"]) {
        return Err(refusal::invalid("The sender's address is invalid."));
    }
    if !sender.to_ascii_lowercase().ends_with(DOMAIN) {
        return Err(refusal::not_linked());
    }
    let content = &mail["content"];
    let has = |name: &str| content[name].as_str().is_some_and(|text| !text.is_empty());
    if !has("subject") || !(has("plainText") || has("html")) {
        return Err(refusal::invalid("The mail has no subject, or no text."));
    }
    let lists = ["to", "cc", "bcc"].map(|list| mail["recipients"][list].as_array().cloned().unwrap_or_default());
    let all = lists.concat();
    if lists[0].is_empty() || !all.iter().all(|recipient| is_address(&recipient["address"])) {
        return Err(refusal::invalid("The mail has no recipient, or one whose address is invalid."));
    }
    Ok(())
}

fn is_address(value: &Value) -> bool {
    let parts = value.as_str().and_then(|text| text.split_once('@'));
    parts.is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains(['@', ' ']))
}

/// The first answer is that it runs; then it is done.
pub(super) fn operation(call: &Call, id: &str) -> Result<Response, Denial> {
    check_version(call, FIRST_VERSION)?;
    let asked = call.shared.state.outbox.ask(id).ok_or_else(refusal::not_found)?;
    let status = if asked == 0 { "Running" } else { "Succeeded" };
    let body = Json(json!({"id": id, "status": status, "error": null}));
    Ok(if asked == 0 { ([(header::RETRY_AFTER, "1")], body).into_response() } else { body.into_response() })
}
