//! Azure Resource Manager (`management.azure.com`): subscriptions, groups, and the resources of seven kinds.
//!
//! It shows a caller what the caller may read and nothing else; who may read nothing at all in a subscription is refused.

mod bundle;
mod list;
mod path;
mod refusal;

use axum::{
    Json, Router,
    http::Method,
    response::{IntoResponse, Response},
};
use serde_json::Value;

use self::{path::Target, refusal::Arm};
use super::{Action, Call, Caller, Denial, answer, resource};
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<Arm>(&call, |caller| {
        if call.method != Method::GET {
            return Err(refusal::method(&call));
        }
        let target = Target::read(&call)?;
        check_version(&call)?;
        look(&call, caller, &target).map(|body| Json(body).into_response())
    })
    .await
}

/// The version of the interface is a day, sometimes of a preview.
fn check_version(call: &Call) -> Result<(), Denial> {
    let version = call.parameter("api-version").ok_or_else(refusal::no_version)?;
    let day = version.strip_suffix("-preview").unwrap_or(version);
    let is_day = day.parse::<jiff::civil::Date>().is_ok_and(|date| (2014..=2026).contains(&date.year()));
    if is_day { Ok(()) } else { Err(refusal::version(version)) }
}

fn look(call: &Call, caller: &Caller, target: &Target) -> Result<Value, Denial> {
    let azure = &call.shared.state.azure;
    let may = |action, scope: &str| {
        let permitted = azure.permits(caller, action, scope);
        permitted.then_some(()).ok_or_else(|| refusal::forbidden(caller, action, scope))
    };
    match target {
        Target::Subscriptions => {
            let seen = resource::SUBSCRIPTIONS.iter().filter(|(id, _)| {
                azure.permits_below(caller, Action::ReadSubscription, &format!("/subscriptions/{id}"))
            });
            let all: Vec<_> = seen.map(|(id, name)| bundle::subscription(id, name)).collect();
            let mut body = list::page(call, &all)?;
            body["count"] = serde_json::json!({"type": "Total", "value": all.len()});
            Ok(body)
        }
        Target::Subscription(subscription) => {
            let scope = format!("/subscriptions/{subscription}");
            if !azure.permits_below(caller, Action::ReadSubscription, &scope) {
                return Err(refusal::forbidden(caller, Action::ReadSubscription, &scope));
            }
            let (id, name) = known(subscription)?;
            Ok(bundle::subscription(id, name))
        }
        Target::Groups(subscription) => list::groups(call, caller, subscription),
        Target::Group(subscription, group) => {
            may(Action::ReadGroup, &target.scope())?;
            list::group(subscription, group).map(|(subscription, group)| bundle::group(subscription, group))
        }
        Target::Resources { subscription, group, kind } => {
            list::resources(call, caller, (subscription, group.as_deref(), *kind))
        }
        Target::Resource { subscription, group, kind, name } => {
            may(Action::ReadResource(*kind), &target.scope())?;
            known(subscription)?;
            list::group(subscription, group)?;
            let found = azure.resources.iter().find(|it| {
                it.kind == *kind
                    && it.subscription.eq_ignore_ascii_case(subscription)
                    && it.group.eq_ignore_ascii_case(group)
                    && it.name.eq_ignore_ascii_case(name)
            });
            found.map(bundle::resource).ok_or_else(|| refusal::no_resource(*kind, name, group))
        }
    }
}

fn known(subscription: &str) -> Result<(&'static str, &'static str), Denial> {
    let found = resource::SUBSCRIPTIONS.iter().find(|(id, _)| id.eq_ignore_ascii_case(subscription));
    found.copied().ok_or_else(|| refusal::no_subscription(subscription))
}
