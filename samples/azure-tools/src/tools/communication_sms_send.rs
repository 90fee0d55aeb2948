//! `azmcp_communication_sms_send`: an SMS to one or more numbers.
//!
//! Communication Services, `Sms - Send`, api-version 2021-03-07. Each recipient has a repeatability id, so that the service
//! sends once whatever happens on the way; this server itself never repeats the request.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;
use uuid::Uuid;

use super::{
    AzureTool, Effect, Spec,
    arguments::{CommunicationEndpoint, Phone, Several, SmsSender, SmsText, Subscription, Tag, Tenant, Text},
    communication,
};
use crate::{
    acting::{On, Session},
    azure::Kind,
    failure,
};

pub(super) struct SmsSend;

/// What is sent to whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The endpoint or name of the Communication Services resource.
    endpoint: Text<CommunicationEndpoint>,
    /// The resource's number that it is sent from (E.164), or its short code or alphanumeric sender.
    from: Text<SmsSender>,
    /// The numbers that it goes to (E.164).
    to: Several<Phone, 100>,
    /// The text.
    message: Text<SmsText>,
    /// Whether the resource raises an event when the SMS is delivered.
    enable_delivery_report: Option<bool>,
    /// A word that goes into these events.
    tag: Option<Text<Tag>>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
}

impl AzureTool for SmsSend {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_communication_sms_send",
        namespace: "communication",
        title: "Send an SMS",
        errand: "send SMS",
        description: "Sends an SMS to one or more phone numbers through Azure Communication Services. It costs money and \
                      cannot be taken back.",
        effect: Effect::Writes,
        needs: communication::NEEDS,
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let kind = &Kind::COMMUNICATION;
        let resource = communication::resource(session, &arguments.endpoint, arguments.subscription.as_ref()).await?;
        let api = session.open(kind, &resource)?;
        let on = On { service: kind.service, api: &api, resource: Some(&resource), scope: None };
        let answer = session.call(on, request(&arguments, SystemTime::now())?).await?;
        // It has been sent by now, whatever can be read of the answer: a failure would make somebody send it again.
        let sent: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let recipients: Vec<_> = sent["value"].as_array().into_iter().flatten().map(shown).collect();
        Ok(json!({"accepted": true, "recipients": recipients}))
    }
}

fn request(arguments: &Arguments, now: SystemTime) -> Result<Request<Bytes>, Failure> {
    let first_sent = httpdate::fmt_http_date(now);
    let recipient = |to: &Text<Phone>| {
        json!({
            "to": to.as_str(),
            "repeatabilityRequestId": Uuid::new_v4().to_string(),
            "repeatabilityFirstSent": first_sent,
        })
    };
    let mut body = json!({
        "from": arguments.from.as_str(),
        "message": arguments.message.as_str(),
        "smsRecipients": arguments.to.iter().map(recipient).collect::<Vec<_>>(),
        "smsSendOptions": {"enableDeliveryReport": arguments.enable_delivery_report.unwrap_or(false)},
    });
    if let Some(tag) = &arguments.tag {
        body["smsSendOptions"]["tag"] = tag.as_str().into();
    }
    Request::post("/sms?api-version=2021-03-07")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .map_err(|_| failure::address())
}

fn shown(one: &Value) -> Value {
    json!({
        "to": one["to"],
        "messageId": one["messageId"],
        "successful": one["successful"],
        "status": one["httpStatusCode"],
        "error": one["errorMessage"],
    })
}
