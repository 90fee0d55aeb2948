//! Lists, of what the caller may read, in pages.

use serde_json::{Value, json};

use super::{bundle, known, refusal};
use crate::azure::{Action, Call, Caller, Denial, Kind, Page, resource};

/// Cuts a page and writes the address of the next one.
pub(super) fn page(call: &Call, all: &[Value]) -> Result<Value, Denial> {
    let size = call.parameter("$top").and_then(|top| top.parse().ok());
    let page = Page::cut(all, call.parameter("$skiptoken"), size).ok_or_else(refusal::skip_token)?;
    let mut body = json!({"value": page.items});
    if let Some(next) = page.next {
        let version = call.parameter("api-version").unwrap_or_default();
        body["nextLink"] = json!(format!("{}{}?api-version={version}&$skiptoken={next}", call.base, call.path));
    }
    Ok(body)
}

pub(super) fn groups(call: &Call, caller: &Caller, subscription: &str) -> Result<Value, Denial> {
    let azure = &call.shared.state.azure;
    let scope = format!("/subscriptions/{subscription}");
    if !azure.permits_below(caller, Action::ReadGroup, &scope) {
        return Err(refusal::forbidden(caller, Action::ReadGroup, &scope));
    }
    let (subscription, _) = known(subscription)?;
    let seen = resource::GROUPS.iter().filter(|(of, group)| {
        *of == subscription
            && azure.permits_below(caller, Action::ReadGroup, &format!("{scope}/resourceGroups/{group}"))
    });
    page(call, &seen.map(|(of, group)| bundle::group(of, group)).collect::<Vec<_>>())
}

pub(super) fn resources(
    call: &Call,
    caller: &Caller,
    (subscription, group, kind): (&str, Option<&str>, Kind),
) -> Result<Value, Denial> {
    let azure = &call.shared.state.azure;
    let action = Action::ReadResource(kind);
    let scope = match group {
        None => format!("/subscriptions/{subscription}"),
        Some(group) => format!("/subscriptions/{subscription}/resourceGroups/{group}"),
    };
    if !azure.permits_below(caller, action, &scope) {
        return Err(refusal::forbidden(caller, action, &scope));
    }
    known(subscription)?;
    if let Some(named) = group {
        self::group(subscription, named)?;
    }
    let seen = azure.resources.iter().filter(|it| {
        it.kind == kind
            && it.subscription.eq_ignore_ascii_case(subscription)
            && group.is_none_or(|group| it.group.eq_ignore_ascii_case(group))
            && azure.permits(caller, action, &it.id())
    });
    page(call, &seen.map(bundle::resource).collect::<Vec<_>>())
}

/// Finds a group of a subscription.
pub(super) fn group(subscription: &str, group: &str) -> Result<(&'static str, &'static str), Denial> {
    let found = resource::GROUPS
        .iter()
        .find(|(of, name)| of.eq_ignore_ascii_case(subscription) && name.eq_ignore_ascii_case(group));
    found.copied().ok_or_else(|| refusal::no_group(group))
}
