//! `azmcp_confidentialledger_entries_append`: a new entry of a ledger.
//!
//! Confidential Ledger, `Create Ledger Entry` and `Get Transaction Status`, api-version 2022-05-13.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Spec,
    arguments::{Collection, Contents, Grammar as _, Ledger, ResourceGroup, Subscription, Tenant, Text, Transaction},
    confidentialledger::{API_VERSION, call, find},
};
use crate::{
    acting::{Session, get},
    azure::Resource,
    failure,
    services::Service,
};

pub(super) struct LedgerAppend;

/// What is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The ledger's name.
    ledger: Text<Ledger>,
    /// The entry.
    content: Text<Contents>,
    /// The collection that it goes to; the ledger's first one where nothing is said.
    collection_id: Option<Text<Collection>>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The ledger's resource group; with it the ledger is found without a list.
    resource_group: Option<Text<ResourceGroup>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
}

impl AzureTool for LedgerAppend {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_confidentialledger_entries_append",
        namespace: "confidentialledger",
        title: "Append to a ledger",
        errand: "append entries",
        description: "Appends an entry to an Azure Confidential Ledger. It can never be changed or removed.",
        effect: Effect::Writes,
        needs: &[
            Need { service: Service::Arm, role: "Reader", scope: "the ledger" },
            Need { service: Service::ConfidentialLedger, role: "Contributor", scope: "the ledger's own list of users" },
        ],
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let Arguments { ledger, subscription, resource_group, .. } = &arguments;
        let ledger = find(session, ledger, subscription.as_ref(), resource_group.as_ref()).await?;
        let answer = call(session, &ledger, request(&arguments)?).await?;
        // It is written by now, whatever else fails: a failure would make somebody write it again.
        let transaction = answer.headers().get("x-ms-ccf-transaction-id").and_then(|id| id.to_str().ok());
        let transaction = transaction.filter(|id| id.len() <= Transaction::LENGTH.1 && Transaction::holds(id));
        let state = match transaction {
            Some(transaction) => state(session, &ledger, transaction).await,
            None => "Pending",
        };
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        Ok(json!({"transactionId": transaction, "collectionId": body["collectionId"], "state": state}))
    }
}

/// Entries are committed within a fraction of a second.
const PAUSE: Duration = Duration::from_millis(250);
const LOOKS: usize = 4;

/// Looks a few times whether the entry is committed.
async fn state(session: &Session<'_>, ledger: &Resource, transaction: &str) -> &'static str {
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let Ok(request) = get(&format!("/app/transactions/{transaction}/status?api-version={API_VERSION}")) else {
            break;
        };
        let Ok(answer) = call(session, ledger, request).await else { break };
        let status: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if status["state"] == "Committed" {
            return "Committed";
        }
    }
    "Pending"
}

fn request(arguments: &Arguments) -> Result<Request<Bytes>, Failure> {
    let mut path = format!("/app/transactions?api-version={API_VERSION}");
    if let Some(collection) = &arguments.collection_id {
        path.push_str(&format!("&collectionId={}", collection.encoded()));
    }
    let body = json!({"contents": arguments.content.as_str()}).to_string();
    Request::post(path)
        .header("content-type", "application/json")
        .body(Bytes::from(body))
        .map_err(|_| failure::address())
}
