//! What a call's arguments name, found at Resource Manager as the acting identity.

use std::num::NonZeroUsize;

use bytes::Bytes;
use http::Request;
use mcp_obo::Downstream;
use serde_json::Value;
use server_kit::failure::{Failure, Who};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Session, session::On};
use crate::{
    azure::{Kind, Resource},
    failure,
    services::Service,
    tools::{LONGEST, Window},
};

/// More pages than anybody reads; a list that is longer is an error and not a shorter list.
const MAX_PAGES: NonZeroUsize = NonZeroUsize::new(50).expect("not zero");

/// `Subscriptions - List`.
pub(crate) const SUBSCRIPTIONS: &str = "/subscriptions?api-version=2022-12-01";

impl Session<'_> {
    /// Reads as much of a list of Resource Manager's as a window needs.
    pub(crate) async fn arm_list(
        &self,
        path: &str,
        scope: Option<&str>,
        window: Window,
    ) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let take = |page| {
            items.extend::<Vec<_>>(page);
            window.thin(&mut items);
            items.len() >= window.wanted()
        };
        self.arm_pages(path, scope, take).await?;
        items.truncate(window.wanted());
        Ok(items)
    }

    /// Reads a list of Resource Manager's until as many items fit; nothing else is kept.
    async fn arm_find(
        &self,
        path: &str,
        scope: Option<&str>,
        most: usize,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Vec<Value>, Failure> {
        let mut found = Vec::new();
        let take = |page: Vec<_>| {
            found.extend(page.into_iter().filter(&fits));
            found.len() >= most
        };
        self.arm_pages(path, scope, take).await?;
        Ok(found)
    }

    /// Reads a list of Resource Manager's page by page, until `take` has enough.
    async fn arm_pages(
        &self,
        path: &str,
        scope: Option<&str>,
        mut take: impl FnMut(Vec<Value>) -> bool,
    ) -> Result<(), Failure> {
        let (mut request, until) = (get(path)?, Instant::now() + LONGEST);
        for _ in 0..MAX_PAGES.get() {
            let mut page = self.arm(request, scope).await?;
            let has_enough = take(page["value"].as_array_mut().map(std::mem::take).unwrap_or_default());
            let next = self.azure().arm().next_link(&page).map_err(|error| self.failed(Service::Arm, &error))?;
            match next {
                Some(next) if !has_enough => request = get(&next.to_string())?,
                _ => return Ok(()),
            }
            if Instant::now() >= until {
                return Err(failure::too_long(LONGEST));
            }
        }
        let error = mcp_obo::DownstreamError::TooManyPages { limit: MAX_PAGES.get() };
        Err(self.failed(Service::Arm, &error))
    }

    async fn arm(&self, request: Request<Bytes>, scope: Option<&str>) -> Result<Value, Failure> {
        let on = On { service: Service::Arm, api: self.azure().arm(), resource: None, scope };
        let answer = self.call(on, request).await?;
        let page: Option<Value> = serde_json::from_slice(answer.body()).ok();
        page.filter(Value::is_object).ok_or_else(|| failure::unreadable(Service::Arm, &answer))
    }

    /// Lists the subscriptions that can be seen.
    pub(crate) async fn subscriptions(&self, window: Window) -> Result<Vec<Value>, Failure> {
        self.arm_list(SUBSCRIPTIONS, None, window).await
    }

    /// Finds the subscription that is meant: by its id, by its name, or the one that there is.
    pub(crate) async fn subscription(&self, given: Option<&str>) -> Result<String, Failure> {
        let Some(given) = given.map(str::trim).or_else(|| self.azure().subscription()) else {
            return only(&self.arm_find(SUBSCRIPTIONS, None, 2, |_| true).await?);
        };
        if given.len() == 36 && Uuid::try_parse(given).is_ok() {
            return Ok(given.to_ascii_lowercase());
        }
        let is_it = |one: &Value| one["displayName"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(given));
        match &self.arm_find(SUBSCRIPTIONS, None, 2, is_it).await?[..] {
            [one] => id(one),
            [] => Err(missing(format!("No subscription named {given} can be seen by the acting identity."))),
            _ => Err(missing(format!("More than one subscription is named {given}."))),
        }
    }

    /// Lists the resources of a type, in a subscription or in one group of it.
    pub(crate) async fn resources(
        &self,
        kind: &Kind,
        subscription: &str,
        group: Option<&str>,
        window: Window,
    ) -> Result<Vec<Value>, Failure> {
        let scope = scope(subscription, group);
        self.arm_list(&kind.list(&scope), Some(&scope), window).await
    }

    /// Finds a resource by its name; in a group, if that is named, without a list.
    pub(crate) async fn resource(
        &self,
        kind: &Kind,
        subscription: Option<&str>,
        group: Option<&str>,
        name: &str,
    ) -> Result<Resource, Failure> {
        let is_it = |one: &Value| one["name"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(name));
        self.resource_that(kind, subscription, group, Some(name), is_it)
            .await?
            .ok_or_else(|| failure::not_found(kind.noun, name))
    }

    /// Finds the first resource that fits; `name` is its name, where that is known.
    pub(crate) async fn resource_that(
        &self,
        kind: &Kind,
        subscription: Option<&str>,
        group: Option<&str>,
        name: Option<&str>,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<Option<Resource>, Failure> {
        let subscription = self.subscription(subscription).await?;
        let scope = scope(&subscription, group);
        let record = match (group, name) {
            (Some(_), Some(name)) => {
                let path = format!("{scope}/providers/{}/{name}?api-version={}", kind.provider, kind.api_version);
                Some(self.arm(get(&path)?, Some(&scope)).await?).filter(is_it)
            }
            _ => self.arm_find(&kind.list(&scope), Some(&scope), 1, is_it).await?.into_iter().next(),
        };
        let found = record.and_then(|record| Resource::read(kind, record));
        // The id, by which it is called and named to administrators, is of what was asked for, and of nothing else.
        Ok(found.filter(|it| it.is_in(&subscription, group)))
    }

    /// Calls a resource at the address in its record, once that is found to be the service's own.
    pub(crate) fn open(&self, kind: &Kind, resource: &Resource) -> Result<Downstream, Failure> {
        let endpoint = resource.endpoint(kind).ok_or_else(|| failure::no_endpoint(kind.noun, kind.service))?;
        self.azure().at(kind.service, endpoint)
    }
}

/// Asks for a path below the service's own address.
pub(crate) fn get(path: &str) -> Result<Request<Bytes>, Failure> {
    Request::get(path).body(Bytes::new()).map_err(|_| failure::address())
}

/// Writes where something is: a subscription, or a group of it.
pub(crate) fn scope(subscription: &str, group: Option<&str>) -> String {
    match group {
        Some(group) => format!("/subscriptions/{subscription}/resourceGroups/{group}"),
        None => format!("/subscriptions/{subscription}"),
    }
}

fn only(all: &[Value]) -> Result<String, Failure> {
    match all {
        [one] => id(one),
        [] => Err(missing("No subscription can be seen by the acting identity.".to_owned())),
        _ => Err(missing("No subscription is named, and there are several.".to_owned())),
    }
}

fn id(subscription: &Value) -> Result<String, Failure> {
    let id = subscription["subscriptionId"].as_str().filter(|id| id.len() == 36 && Uuid::try_parse(id).is_ok());
    id.map(str::to_ascii_lowercase).ok_or_else(failure::address)
}

fn missing(cause: String) -> Failure {
    Failure::new(
        "subscription_unclear",
        Who::Caller,
        cause,
        "Give the id or the name of a subscription; azmcp_subscription_list lists them. The operator can set \
         AZURE_SUBSCRIPTION_ID.",
    )
}
