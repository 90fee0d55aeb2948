//! Whether the acting identity may do at each service what the tools do there: by asking the service.

use futures_util::future::join_all;
use mcp_obo::TokenSource;

use super::super::{
    check::{Check, Finding},
    errand::Errand,
};

pub(in super::super) const ID: &str = "roles";

/// Calls each service once, as the identity.
pub(in super::super) async fn of(who: &dyn TokenSource, errands: &[&Errand]) -> Vec<Check> {
    join_all(errands.iter().map(|errand| one(who, errand))).await
}

async fn one(who: &dyn TokenSource, errand: &Errand) -> Check {
    let Some(probe) = &errand.probe else {
        return unasked(errand, "not tried: that would take a resource's name, or change something");
    };
    let check = match probe(who).await {
        Ok(seen) => Check::ok(ID, seen),
        Err(failure) => {
            let role = errand.role.as_ref().map(|role| format!(" (least role: {} over {})", role.name, role.scope));
            let finding =
                Finding::new(failure.cause.clone(), failure.cure.clone(), failure.who, &[failure.kind, "403", "RBAC"]);
            Check::fail(ID, format!("{}: {}{}", failure.kind, failure.cause, role.unwrap_or_default()), finding)
                .with_ids(failure.ids)
                .with_details(failure.link.map(Into::into))
                .with_details(failure.command.into_iter().flat_map(|command| {
                    [format!("bash: {}", command.bash), format!("PowerShell: {}", command.power_shell)]
                }))
        }
    };
    check.about(&*errand.tool)
}

/// Says that it is not known, and what is needed.
pub(in super::super) fn unasked(errand: &Errand, why: &str) -> Check {
    let needed = errand.role.as_ref().map_or_else(
        || "no role is needed".to_owned(),
        |role| format!("the least is the {} {} over {}", role.kind.as_str(), role.name, role.scope),
    );
    Check::skipped(ID, format!("{why}; {needed}")).about(&*errand.tool)
}
