//! Whether the app may do what its tools do: what was granted to it, for itself or for its users.
//!
//! What an administrator has consented to is not for an app to see. A user's token shows it, because the exchange then happens;
//! a token of the app's own shows its application permissions. Where neither can tell, that is said.

use mcp_obo::{Catalogue, HostingIdentity, Target, TokenSource, catalogue::Delegation, outgoing::ActingAs};

use super::{
    super::{
        account::Account,
        check::{Check, Finding},
        errand::{Errand, Permission},
        patient::Service,
    },
    hosting, refusal,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "permissions";

/// Asks as a user, for each API.
pub(in super::super) async fn of_user(user: &dyn TokenSource, errands: &[&Errand]) -> Vec<Check> {
    let mut checks = Vec::new();
    for target in hosting::targets(errands) {
        let check = match user.token(&target).await {
            Ok(token) => judge(&Account::of(&token).scopes, errands, &target, ActingAs::User),
            Err(error) => refusal::check(ID, "on behalf of the user of MCP_TOKEN", &error),
        };
        checks.push(check.about(target.resource()));
    }
    checks
}

/// Judges what the hosting identity's tokens say.
pub(in super::super) fn of_host(accounts: &[(Target, Account)], errands: &[&Errand]) -> Vec<Check> {
    let judge =
        |(target, account): &(Target, Account)| judge(&account.roles, errands, target, ActingAs::HostingIdentity);
    accounts.iter().map(|one| judge(one).about(one.0.resource())).collect()
}

/// Finds out what can be found out without a user: whether the tenant knows the API at all.
pub(in super::super) async fn of_nobody(service: &Service, errands: &[&Errand]) -> Vec<Check> {
    let Some(credentials) = &service.credentials else { return Vec::new() };
    let targets = hosting::targets(errands);
    let identity = HostingIdentity::service_principal(&service.app, credentials.clone());
    let identity = targets.iter().fold(identity, |identity, target| identity.add_target(target));
    let mut checks = Vec::new();
    for target in targets {
        let check = match identity.token(&target).await {
            Err(error) => refusal::check(ID, "a token of the app for itself", &error),
            Ok(_) => unknown(service, errands, &target),
        };
        checks.push(check.about(target.resource()));
    }
    checks
}

fn judge(granted: &[String], errands: &[&Errand], target: &Target, who: ActingAs) -> Check {
    let kind = if who == ActingAs::User { "delegated" } else { "application" };
    let needed = permissions(errands, target);
    let missing: Vec<_> = needed.iter().filter(|one| !granted.iter().any(|name| name == one.name)).collect();
    let granted = if granted.is_empty() { "none".to_owned() } else { granted.join(" ") };
    let Some(first) = missing.first() else {
        return Check::ok(ID, format!("{kind}: {granted}"));
    };
    let names: Vec<_> = missing.iter().map(|one| one.name).collect();
    let finding = Finding::new(
        format!("The app lacks the {kind} permission {} of {}.", names.join(", "), first.api),
        "Add it to the app registration (API permissions), then grant admin consent for the tenant; `doctor --for-admin` has the lines.",
        Who::Administrator,
        &["AADSTS65001", "consent_required", "Authorization_RequestDenied", "admin consent"],
    );
    Check::fail(ID, format!("{} is missing; granted are, {kind}: {granted}", names.join(", ")), finding)
}

fn unknown(service: &Service, errands: &[&Errand], target: &Target) -> Check {
    let names: Vec<_> = permissions(errands, target).iter().map(|one| one.name).collect();
    let needed = if names.is_empty() { "delegated permissions".to_owned() } else { names.join(", ") };
    let id = service.app.client_id();
    Check::skipped(ID, format!("the tenant knows the API; whether {needed} was consented to shows with a user only"))
        .with_details([
            format!("see it with: az ad app permission list-grants --id {id}"),
            format!("or run this again with a user's token in MCP_TOKEN: {}", service.token_line()),
        ])
}

/// Tells whether nobody can be acted for at this API.
pub(in super::super) fn is_closed(catalogue: &Catalogue, target: &Target) -> bool {
    catalogue.delegation(target.resource()) == Some(Delegation::Missing)
}

/// Says so, for each such API: Entra is not asked.
pub(in super::super) fn of_closed(errands: &[&Errand]) -> Vec<Check> {
    let tools = |target: &Target| {
        let own = errands.iter().filter(|errand| errand.target == *target);
        own.map(|errand| errand.tool.as_str()).collect::<Vec<_>>().join(", ")
    };
    let check = |target: Target| undelegated(&target, &tools(&target)).about(target.resource());
    hosting::targets(errands).into_iter().map(check).collect()
}

fn undelegated(target: &Target, tools: &str) -> Check {
    let finding = Finding::new(
        "The service exposes no delegated permission, so that nobody can be acted for there; no consent cures it.",
        "Start with the outgoing strategy UseHostingEnvironmentIdentity, or run the server over stdio on the user's machine.",
        Who::Administrator,
        &["no_delegated_scope", "AADSTS65001", "UseHostingEnvironmentIdentity"],
    );
    let seen =
        format!("{} cannot be called on behalf of a user, so that these tools are refused: {tools}", target.resource());
    Check::warn(ID, seen, finding)
}

fn permissions(errands: &[&Errand], target: &Target) -> Vec<Permission> {
    let mut found: Vec<Permission> = Vec::new();
    let own = errands.iter().filter(|errand| errand.target == *target);
    for permission in own.filter_map(|errand| errand.grantable()) {
        if !found.contains(&permission) {
            found.push(permission);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::super::check::Status, *};

    #[test]
    fn only_a_permission_that_the_acting_identity_can_have_is_missed() {
        let target = Target::parse("https://vault.azure.net/.default").unwrap();
        let delegated = Permission {
            api: "Azure Key Vault",
            api_id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
            name: "user_impersonation",
            delegated_id: Some("f53da476-18e3-4152-8e01-aec403e6edc0"),
            application_id: None,
        };
        let both = Permission { application_id: Some("11111111-2222-4333-8444-555555555555"), ..delegated };
        for (name, who, permission, granted, status) in [
            ("a user's, granted", ActingAs::User, delegated, &["user_impersonation"][..], Status::Ok),
            ("a user's, not granted", ActingAs::User, delegated, &["other"], Status::Fail),
            ("for the host roles decide", ActingAs::HostingIdentity, delegated, &[], Status::Ok),
            ("an application's, granted", ActingAs::HostingIdentity, both, &["user_impersonation"], Status::Ok),
            ("an application's, not granted", ActingAs::HostingIdentity, both, &[], Status::Fail),
        ] {
            let errand = Errand::new("tool", "do it", &target, who).with_permission(permission);
            let granted: Vec<_> = granted.iter().map(|one| (*one).to_owned()).collect();
            assert_eq!(judge(&granted, &[&errand], &target, who).status, status, "{name}");
        }
    }
}
