//! `azmcp_communication_email_send`: an e-mail to one or more people.
//!
//! Communication Services, `Email - Send` and `Email - Get Send Result`, api-version 2023-03-31. The operation has an id of ours,
//! so that the service starts it once; this server itself never repeats the request.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header::RETRY_AFTER};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;
use uuid::Uuid;

use super::{
    AzureTool, Effect, Spec,
    arguments::{Body, CommunicationEndpoint, Email, Several, Subject, Subscription, Tenant, Text},
    communication,
};
use crate::{
    acting::{On, Session, get},
    azure::Kind,
    failure,
};

pub(super) struct EmailSend;

/// What is sent to whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The endpoint or name of the Communication Services resource.
    endpoint: Text<CommunicationEndpoint>,
    /// The address that it is sent from, of a domain that the resource has verified.
    from: Text<Email>,
    /// The addresses that it goes to.
    to: Several<Email, 50>,
    /// Further addresses that everybody sees.
    cc: Option<Several<Email, 50>>,
    /// Further addresses that nobody sees.
    bcc: Option<Several<Email, 50>>,
    /// Where answers go.
    reply_to: Option<Several<Email, 10>>,
    /// The subject.
    subject: Text<Subject>,
    /// The text.
    message: Text<Body>,
    /// Whether the text is HTML.
    is_html: Option<bool>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
}

impl AzureTool for EmailSend {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_communication_email_send",
        namespace: "communication",
        title: "Send an e-mail",
        errand: "send e-mail",
        description: "Sends an e-mail to one or more people through Azure Communication Services. It cannot be taken back.",
        effect: Effect::Writes,
        needs: communication::NEEDS,
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let kind = &Kind::COMMUNICATION;
        let resource = communication::resource(session, &arguments.endpoint, arguments.subscription.as_ref()).await?;
        let api = session.open(kind, &resource)?;
        let on = On { service: kind.service, api: &api, resource: Some(&resource), scope: None };
        let operation = Uuid::new_v4().to_string();
        let answer = session.call(on, request(&arguments, &operation)?).await?;
        Ok(follow(session, on, &operation, &answer).await)
    }
}

const API_VERSION: &str = "2023-03-31";

/// The service asks for half a minute between two looks; nobody waits as long for a tool. Shorter pauses are kept.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const LOOKS: usize = 4;

fn request(arguments: &Arguments, operation: &str) -> Result<Request<Bytes>, Failure> {
    let addresses = |list: &[Text<Email>]| -> Value { list.iter().map(|it| json!({"address": it.as_str()})).collect() };
    let format = if arguments.is_html.unwrap_or(false) { "html" } else { "plainText" };
    let mut body = json!({
        "senderAddress": arguments.from.as_str(),
        "content": {"subject": arguments.subject.as_str(), format: arguments.message.as_str()},
        "recipients": {"to": addresses(&arguments.to)},
    });
    for (name, list) in [("cc", &arguments.cc), ("bcc", &arguments.bcc)] {
        if let Some(list) = list {
            body["recipients"][name] = addresses(list);
        }
    }
    if let Some(list) = &arguments.reply_to {
        body["replyTo"] = addresses(list);
    }
    Request::post(format!("/emails:send?api-version={API_VERSION}"))
        .header("content-type", "application/json")
        .header("operation-id", operation)
        .body(Bytes::from(body.to_string()))
        .map_err(|_| failure::address())
}

/// Looks a few times what becomes of it. It is accepted by now, so nothing that fails here is a failure of the call: somebody
/// would send it again.
async fn follow(session: &Session<'_>, on: On<'_>, operation: &str, accepted: &Response<Bytes>) -> Value {
    let mut state = State::read(accepted);
    // The service may have given it another id.
    let operation = state.id.clone().unwrap_or_else(|| operation.to_owned());
    for _ in 0..LOOKS {
        if state.is_final() || state.pause > LONGEST_PAUSE {
            break;
        }
        tokio::time::sleep(state.pause).await;
        let Ok(request) = get(&format!("/emails/operations/{operation}?api-version={API_VERSION}")) else { break };
        let Ok(answer) = session.call(on, request).await else { break };
        state = State::read(&answer);
    }
    let mut result = json!({"operationId": operation, "status": state.status, "final": state.is_final()});
    if !state.is_final() {
        result["rest"] = "It is on its way; its end is not known yet. Do not send it again.".into();
    }
    if let Some(code) = state.error {
        result["errorCode"] = code.into();
    }
    result
}

/// What is known of the operation.
#[derive(Debug, PartialEq, Eq)]
struct State {
    id: Option<String>,
    status: String,
    error: Option<String>,
    pause: Duration,
}

impl State {
    fn read(answer: &Response<Bytes>) -> Self {
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let word = |text: &Value| {
            let text = text.as_str().filter(|it| it.len() <= 64)?;
            text.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'-').then(|| text.to_owned())
        };
        let pause = answer.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
        Self {
            id: word(&body["id"]).filter(|id| Uuid::try_parse(id).is_ok()),
            status: word(&body["status"]).unwrap_or_else(|| "Running".to_owned()),
            error: word(&body["error"]["code"]),
            pause: Duration::from_secs(pause.unwrap_or(1)),
        }
    }

    fn is_final(&self) -> bool {
        ["Succeeded", "Failed", "Canceled"].contains(&self.status.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_an_operation_is_read_from_words_alone() {
        let id = "11111111-2222-4333-8444-555555555555";
        let second = Duration::from_secs(1);
        let none = || None::<String>;
        for (name, body, retry, id, status, error, pause) in [
            ("running", json!({"id": id, "status": "Running"}), Some("30"), Some(id), "Running", none(), second * 30),
            (
                "done",
                json!({"id": id, "status": "Succeeded", "error": null}),
                None,
                Some(id),
                "Succeeded",
                none(),
                second,
            ),
            (
                "failed",
                json!({"id": id, "status": "Failed", "error": {"code": "EmailDropped", "message": "see me"}}),
                None,
                Some(id),
                "Failed",
                Some("EmailDropped".to_owned()),
                second,
            ),
            ("an id that is a path", json!({"id": "../x", "status": "Running"}), None, None, "Running", none(), second),
            ("nothing", json!(null), Some("soon"), None, "Running", none(), second),
        ] {
            let mut answer = Response::new(Bytes::from(body.to_string()));
            if let Some(retry) = retry {
                answer.headers_mut().insert(RETRY_AFTER, retry.parse().unwrap());
            }
            let expected = State { id: id.map(str::to_owned), status: status.to_owned(), error, pause };
            assert_eq!(State::read(&answer), expected, "{name}");
        }
    }

    #[test]
    fn a_mail_has_one_format_and_no_empty_lists() {
        let arguments = json!({
            "endpoint": "mine", "from": "a@b.example", "to": ["c@d.example"], "bcc": ["e@f.example"], "subject": "s",
            "message": "<p>", "is-html": true,
        });
        let request = request(&serde_json::from_value(arguments).unwrap(), "op").unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let expected = json!({
            "senderAddress": "a@b.example",
            "content": {"subject": "s", "html": "<p>"},
            "recipients": {"to": [{"address": "c@d.example"}], "bcc": [{"address": "e@f.example"}]},
        });
        assert_eq!((body, &request.headers()["operation-id"]), (expected, &"op".parse().unwrap()));
    }
}
