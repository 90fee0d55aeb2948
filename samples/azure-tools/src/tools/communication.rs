//! What both tools of Communication Services share: what they need, and how the resource is found.

use serde_json::Value;
use server_kit::failure::Failure;

use super::{
    Need,
    arguments::{CommunicationEndpoint, Subscription, Text},
};
use crate::{
    acting::Session,
    azure::{Kind, Resource},
    failure,
    services::Service,
};

/// What both need: the resource is found, then called.
pub(super) const NEEDS: &[Need] = &[
    Need { service: Service::Arm, role: "Reader", scope: "the subscription" },
    Need {
        service: Service::Communication,
        role: "Communication and Email Service Owner",
        scope: "the Communication Services resource",
    },
];

/// Finds the resource that an endpoint names. What is called later is the address in the resource's own record.
pub(super) async fn resource(
    session: &Session<'_>,
    endpoint: &Text<CommunicationEndpoint>,
    subscription: Option<&Text<Subscription>>,
) -> Result<Resource, Failure> {
    let host = host(endpoint.as_str());
    let is_it = |one: &Value| {
        let is = |given: &Value| given.as_str().is_some_and(|it| it.eq_ignore_ascii_case(host));
        is(&one["name"]) || is(&one["properties"]["hostName"])
    };
    let kind = &Kind::COMMUNICATION;
    let found = session.resource_that(kind, subscription.map(Text::as_str), None, None, is_it).await?;
    found.ok_or_else(|| failure::not_found(kind.noun, host))
}

fn host(endpoint: &str) -> &str {
    endpoint.strip_prefix("https://").unwrap_or(endpoint).trim_end_matches('/')
}
