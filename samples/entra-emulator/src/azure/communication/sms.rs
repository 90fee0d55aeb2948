//! `POST /sms`: one text to many numbers, with an answer for each.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{check_version, refusal};
use crate::azure::{Call, Denial};

/// The most recipients that one request may have.
const MOST: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Send {
    from: String,
    sms_recipients: Vec<Recipient>,
    message: String,
}

#[derive(Deserialize)]
struct Recipient {
    to: String,
}

pub(super) fn send(call: &Call) -> Result<Response, Denial> {
    check_version(call, "2021-03-07")?;
    let order: Send = serde_json::from_slice(&call.body).map_err(|_| refusal::invalid("The body is malformed."))?;
    if !is_number(&order.from) || order.message.is_empty() {
        return Err(refusal::invalid("The sender or the message is invalid."));
    }
    if order.sms_recipients.is_empty() || order.sms_recipients.len() > MOST {
        return Err(refusal::invalid("The number of recipients is invalid."));
    }
    let outbox = &call.shared.state.outbox;
    let one = |recipient: &Recipient| -> Value {
        let to = &recipient.to;
        if !is_number(to) {
            let text = "Invalid To phone number format.";
            return json!({"to": to, "httpStatusCode": 400, "errorMessage": text, "successful": false});
        }
        let id = format!("Outgoing_{}", Uuid::new_v4());
        outbox.put(json!({"kind": "sms", "id": id, "from": order.from, "to": to, "message": order.message}));
        json!({"to": to, "messageId": id, "httpStatusCode": 202, "repeatabilityResult": "accepted", "successful": true})
    };
    let value: Vec<_> = order.sms_recipients.iter().map(one).collect();
    Ok((StatusCode::ACCEPTED, Json(json!({"value": value}))).into_response())
}

/// E.164: a plus and at most fifteen digits.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
