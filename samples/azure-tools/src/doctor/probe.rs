//! Whether the acting identity may do what a tool does: one call that changes nothing.

use bytes::Bytes;
use http::Response;
use mcp_obo::{TokenSource, outgoing::ActingAs};
use serde_json::Value;
use server_kit::failure::{Context, Failure, Who};
use uuid::Uuid;

use crate::{
    acting::{SUBSCRIPTIONS, get, scope},
    azure::Azure,
    failure::{self, Principal, Refused},
    services::Service,
    tools::{Probe, Spec, Tool},
};

/// A tool that is tried.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    azure: Azure,
    acting_as: ActingAs,
    spec: Spec,
    probe: Probe,
}

impl Probed {
    pub(super) fn new(azure: &Azure, acting_as: ActingAs, tool: &Tool, probe: Probe) -> Self {
        Self { azure: azure.clone(), acting_as, spec: *tool.spec(), probe }
    }

    /// Asks Resource Manager; nothing of the answer is told but that there is one.
    pub(super) async fn ask(&self, who: &dyn TokenSource) -> Result<String, Failure> {
        let Probe::In(path) = self.probe else {
            let seen = self.subscriptions(who).await?.len();
            return Ok(format!("the acting identity sees subscriptions ({seen} in the first answer)"));
        };
        let (subscription, whose) = self.subscription(who).await?;
        let scope = scope(&subscription, None);
        self.list(who, &path(&scope), Some(&scope)).await?;
        Ok(format!("{} lets the acting identity {} in {whose}", Service::Arm, self.spec.errand))
    }

    /// The subscription that is set up, or the first that is seen.
    async fn subscription(&self, who: &dyn TokenSource) -> Result<(String, &'static str), Failure> {
        let given = self.azure.subscription();
        if let Some(id) = given.filter(|given| given.len() == 36 && Uuid::try_parse(given).is_ok()) {
            return Ok((id.to_ascii_lowercase(), "the subscription of AZURE_SUBSCRIPTION_ID"));
        }
        let all = self.subscriptions(who).await?;
        let is_it = |one: &&Value| {
            given.is_none_or(|name| one["displayName"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(name)))
        };
        let id = all.iter().find(is_it).and_then(|one| one["subscriptionId"].as_str());
        let whose =
            if given.is_some() { "the subscription of AZURE_SUBSCRIPTION_ID" } else { "the first subscription seen" };
        id.map(|id| (id.to_owned(), whose)).ok_or_else(|| unseen("the subscription of AZURE_SUBSCRIPTION_ID"))
    }

    /// Resource Manager answers whom no role was given with an empty list, and not with a refusal.
    async fn subscriptions(&self, who: &dyn TokenSource) -> Result<Vec<Value>, Failure> {
        let all = self.list(who, SUBSCRIPTIONS, None).await?;
        if all.is_empty() { Err(unseen("any subscription")) } else { Ok(all) }
    }

    async fn list(&self, who: &dyn TokenSource, path: &str, scope: Option<&str>) -> Result<Vec<Value>, Failure> {
        let api = self.azure.arm();
        let context = Context { acting_as: self.acting_as, ..self.azure.context().clone() };
        let called = api.call(who, get(path)?).await;
        let answer = called.map_err(|error| failure::of_downstream(&error, &self.spec, Service::Arm, &context))?;
        if !answer.status().is_success() {
            return Err(self.refused(who, &answer, scope).await);
        }
        let page: Option<Value> = serde_json::from_slice(answer.body()).ok();
        let items = page.and_then(|mut page| page["value"].as_array_mut().map(std::mem::take));
        items.ok_or_else(|| failure::unreadable(Service::Arm, &answer))
    }

    async fn refused(&self, who: &dyn TokenSource, answer: &Response<Bytes>, scope: Option<&str>) -> Failure {
        let token = who.token(self.azure.arm().target()).await.ok();
        let principal = token.and_then(|token| Principal::of_token(token.expose_secret()));
        let refused = Refused { scope, principal, ..Refused::unknown(&self.spec, Service::Arm, self.acting_as) };
        failure::of_answer(answer, &refused)
    }
}

fn unseen(what: &str) -> Failure {
    Failure::new(
        "forbidden_role",
        Who::Administrator,
        format!("The acting identity does not see {what}."),
        "Assign the role Reader on the subscriptions that the tools are for, or on groups or resources of them; that takes \
         minutes to take effect.",
    )
}
