use entra_emulator::{AzureRole, SUBSCRIPTION_ID, SYSTEM_ASSIGNED_CLIENT_ID, USER_ASSIGNED_CLIENT_ID};
use serde_json::{Value, json};

use super::network::Network;
use crate::tenant::Answer;

const HOST: &str = "https://contoso-comms.unitedstates.communication.azure.com";
const RESOURCE: &str = "https://communication.azure.com";
const SMS: &str = "/sms?api-version=2021-03-07";
const EMAIL: &str = "/emails:send?api-version=2023-03-31";

async fn post(network: &Network, token: &str, path: &str, body: &Value) -> Answer {
    let request = network.http.post(format!("{HOST}{path}")).bearer_auth(token).json(body);
    Answer::read(request.send().await.unwrap()).await
}

fn mail() -> Value {
    json!({
        "senderAddress": "DoNotReply@contoso.com",
        "content": {"subject": "Hello", "plainText": "World"},
        "recipients": {"to": [{"address": "a@fabrikam.example"}], "cc": [{"address": "b@fabrikam.example"}]},
    })
}

#[tokio::test]
async fn a_text_is_answered_for_each_recipient() {
    let network = Network::start().await;
    let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let body = json!({
        "from": "+18005550100", "message": "Hello", "smsRecipients": [{"to": "+12065550101"}, {"to": "nobody"}],
        "smsSendOptions": {"enableDeliveryReport": true, "tag": "t"},
    });
    let answer = post(&network, &token, SMS, &body).await;
    assert_eq!(answer.status, 202);
    let value = answer.json()["value"].clone();
    assert_eq!((&value[0]["successful"], &value[0]["httpStatusCode"]), (&json!(true), &json!(202)));
    assert_eq!((&value[1]["successful"], &value[1]["httpStatusCode"]), (&json!(false), &json!(400)));
    let outbox = network.emulator.outbox();
    assert_eq!((outbox.len(), &outbox[0]["to"], &outbox[0]["id"]), (1, &json!("+12065550101"), &value[0]["messageId"]));
}

#[tokio::test]
async fn mail_is_an_operation_that_runs_and_then_is_done() {
    let network = Network::start().await;
    let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let begun = post(&network, &token, EMAIL, &mail()).await;
    let (location, id) = (begun.header("operation-location").to_owned(), begun.member("id"));
    assert_eq!((begun.status.as_u16(), begun.member("status").as_str()), (202, "Running"));
    assert_eq!(location, format!("{HOST}/emails/operations/{id}?api-version=2023-03-31"));
    let states = [
        network.get_with(&token, &location).await.member("status"),
        network.get_with(&token, &location).await.member("status"),
    ];
    assert_eq!(states, ["Running", "Succeeded"]);
    let id = "8540c0de-899f-4cce-acb5-3ec493af3800";
    for _ in 0..2 {
        let request = network.http.post(format!("{HOST}{EMAIL}")).bearer_auth(&token).header("operation-id", id);
        assert_eq!(request.json(&mail()).send().await.unwrap().status(), 202);
    }
    let outbox = network.emulator.outbox();
    assert_eq!((outbox.len(), &outbox[1]["id"]), (2, &json!(id)), "sent again with one id, it is one mail");
    assert_eq!(outbox[0]["content"]["subject"], "Hello");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_and_nothing_goes_out() {
    let network = Network::start().await;
    let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let with = |pointer: &str, value: Value| {
        let mut body = mail();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (name, path, body, status, code) in [
        ("no version", "/sms", json!({}), 400, "UnsupportedApiVersion"),
        ("nothing", SMS, json!({}), 400, "InvalidArgument"),
        ("nobody", SMS, json!({"from": "+18005550100", "message": "x", "smsRecipients": []}), 400, "InvalidArgument"),
        (
            "a name as the sender",
            SMS,
            json!({"from": "me", "message": "x", "smsRecipients": [{"to": "+12065550101"}]}),
            400,
            "InvalidArgument",
        ),
        ("another domain", EMAIL, with("/senderAddress", json!("me@evil.example")), 404, "DomainNotLinked"),
        (
            "a domain that only ends so",
            EMAIL,
            with("/senderAddress", json!("me@evilcontoso.com")),
            404,
            "DomainNotLinked",
        ),
        ("no text", EMAIL, with("/content", json!({"subject": "x"})), 400, "InvalidArgument"),
        ("no recipient", EMAIL, with("/recipients/to", json!([])), 400, "InvalidArgument"),
        ("a bad copy", EMAIL, with("/recipients/cc", json!([{"address": "b"}])), 400, "InvalidArgument"),
        ("another path", "/calls?api-version=2023-03-31", mail(), 404, "NotFound"),
    ] {
        let answer = post(&network, &token, path, &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (status, &json!(code)), "{name}");
    }
    assert_eq!(network.emulator.outbox().len(), 0);
}

#[tokio::test]
async fn only_who_may_send_sends_and_only_with_a_token() {
    let network = Network::start().await;
    let token = network.identity_token(SYSTEM_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let refused = post(&network, &token, EMAIL, &mail()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["code"]), (403, &json!("Forbidden")));
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    network.emulator.control().assign_azure_role(SYSTEM_ASSIGNED_CLIENT_ID, AzureRole::CommunicationOwner, &scope);
    assert_eq!(post(&network, &token, EMAIL, &mail()).await.status, 202);
    let management = network.token_for("https://management.azure.com", "alice");
    for value in ["HMAC-SHA256 SignedHeaders=x-ms-date&Signature=c2ln".to_owned(), format!("Bearer {management}")] {
        let request = network.http.post(format!("{HOST}{EMAIL}")).header("authorization", value).json(&mail());
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    assert_eq!(network.emulator.outbox().len(), 1);
}
