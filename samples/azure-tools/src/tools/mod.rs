//! The tools: what each is called, what it needs, and how it is run.

mod account_list;
mod appconfig_kv_list;
mod arguments;
mod communication;
mod communication_email_send;
mod communication_sms_send;
mod confidentialledger;
mod confidentialledger_entries_append;
mod confidentialledger_entries_get;
mod cosmos_account_list;
mod cosmos_item_query;
mod grammar;
mod group_list;
mod healthmodels_entity_gethealth;
mod keyvault_secret_list;
mod offer;
mod sdk;
mod storage_account_list;
mod storage_blob_container_list;
mod subscription_list;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use rmcp::{
    handler::server::tool::schema_for_type,
    model::{JsonObject, ToolAnnotations},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use server_kit::failure::Failure;
use tokio::time;

pub use self::offer::{Offer, Unknown};
pub(crate) use self::{arguments::Window, offer::Offered};
use crate::{acting::Session, failure, services::Service};

/// What a tool is, before anybody calls it.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name, the original's.
    pub name: &'static str,
    /// The group by which `--namespace` chooses it.
    pub namespace: &'static str,
    /// What people see.
    pub title: &'static str,
    /// What a user does by it, as in "may not …": `list subscriptions`.
    pub errand: &'static str,
    /// What the model reads.
    pub description: &'static str,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What must be granted, for each service in the order in which they are called.
    pub needs: &'static [Need],
}

impl Spec {
    /// Returns the service that the tool is for: the last that it calls, after Resource Manager has said where it is.
    #[must_use]
    pub fn service(&self) -> Service {
        self.needs.last().map_or(Service::Arm, |need| need.service)
    }
}

/// Whether a tool changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// It reads.
    Reads,
    /// It writes or sends; nothing takes that back.
    Writes,
}

/// The least that must be granted at one service.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// The service.
    pub service: Service,
    /// The built-in role with the fewest rights that is enough.
    pub role: &'static str,
    /// Where it is assigned, in words: `the subscription`, `the storage account`.
    pub scope: &'static str,
}

/// One call that changes nothing, and asks for what the tool asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Probe {
    /// The list of subscriptions.
    Subscriptions,
    /// A list in a subscription, by the path that follows from it.
    In(fn(&str) -> String),
}

/// A tool of this server.
pub(crate) trait AzureTool {
    /// Its arguments; unknown ones must be an error.
    type Arguments: DeserializeOwned + JsonSchema + Send + 'static;

    const SPEC: Spec;

    /// By what call the doctor tries whether it may; none where there is none that needs no resource's name.
    const PROBE: Option<Probe> = None;

    fn run(session: &Session<'_>, arguments: Self::Arguments) -> impl Future<Output = Result<Value, Failure>> + Send;
}

type Run = for<'a> fn(&'a Session<'a>, JsonObject) -> BoxFuture<'a, Result<Value, Failure>>;

/// A tool among others.
#[derive(Clone)]
pub struct Tool {
    spec: Spec,
    probe: Option<Probe>,
    input: JsonObject,
    run: Run,
}

impl Tool {
    fn of<T: AzureTool>() -> Self {
        Self {
            spec: T::SPEC,
            probe: T::PROBE,
            input: arguments::plain(&schema_for_type::<T::Arguments>()),
            run: run::<T>,
        }
    }

    /// Returns what it is.
    #[must_use]
    pub const fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(crate) const fn probe(&self) -> Option<Probe> {
        self.probe
    }

    /// Runs it.
    pub(crate) fn run<'a>(
        &self,
        session: &'a Session<'a>,
        arguments: JsonObject,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        (self.run)(session, arguments)
    }

    /// Describes it to clients; `limitation` is said where it cannot be used as this server runs.
    #[must_use]
    pub fn described(&self, limitation: Option<&str>) -> rmcp::model::Tool {
        let reads = self.spec.effect == Effect::Reads;
        let annotations =
            ToolAnnotations::new().read_only(reads).destructive(!reads).idempotent(reads).open_world(true);
        let description = match limitation {
            Some(limitation) => Cow::Owned(format!("{} {limitation}", self.spec.description)),
            None => Cow::Borrowed(self.spec.description),
        };
        rmcp::model::Tool::new(Cow::Borrowed(self.spec.name), description, self.input.clone())
            .with_title(self.spec.title)
            .with_annotations(annotations)
    }
}

fn run<'a, T: AzureTool>(session: &'a Session<'a>, arguments: JsonObject) -> BoxFuture<'a, Result<Value, Failure>> {
    async move {
        let arguments = serde_json::from_value(Value::Object(arguments));
        let done = T::run(session, arguments.map_err(|error| failure::of_arguments(&error))?);
        match T::SPEC.effect {
            Effect::Reads => time::timeout(LONGEST, done).await.unwrap_or_else(|_| Err(failure::too_long(LONGEST))),
            // What is cut off may have been done, and somebody would do it again. Each of its requests has an end.
            Effect::Writes => done.await,
        }
    }
    .boxed()
}

/// Each request has an end of its own, and a list has many of them.
pub(crate) const LONGEST: Duration = Duration::from_secs(120);

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tool").field(&self.spec.name).finish()
    }
}

/// All tools, in the order in which they are listed.
#[must_use]
pub fn all() -> Vec<Tool> {
    vec![
        Tool::of::<subscription_list::SubscriptionList>(),
        Tool::of::<group_list::GroupList>(),
        Tool::of::<storage_account_list::StorageAccountList>(),
        Tool::of::<storage_blob_container_list::StorageBlobContainerList>(),
        Tool::of::<keyvault_secret_list::KeyVaultSecretList>(),
        Tool::of::<appconfig_kv_list::AppConfigurationList>(),
        Tool::of::<cosmos_account_list::CosmosAccountList>(),
        Tool::of::<cosmos_item_query::CosmosItemQuery>(),
        Tool::of::<healthmodels_entity_gethealth::HealthModelEntityHealth>(),
        Tool::of::<communication_sms_send::SmsSend>(),
        Tool::of::<communication_email_send::EmailSend>(),
        Tool::of::<confidentialledger_entries_append::LedgerAppend>(),
        Tool::of::<confidentialledger_entries_get::LedgerGet>(),
    ]
}
