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
pub(in super::super) async fn of_user(user: &dyn TokenSource, errands: &[Errand]) -> Vec<Check> {
    let mut checks = Vec::new();
    for target in hosting::targets(errands, ActingAs::User) {
        let check = match user.token(&target).await {
            Ok(token) => judge(&Account::of(&token).scopes, errands, &target, ActingAs::User),
            Err(error) => refusal::check(ID, "on behalf of the user of MCP_TOKEN", &error),
        };
        checks.push(check.about(target.resource()));
    }
    checks
}

/// Judges what the hosting identity's tokens say.
pub(in super::super) fn of_host(accounts: &[(Target, Account)], errands: &[Errand]) -> Vec<Check> {
    let judge =
        |(target, account): &(Target, Account)| judge(&account.roles, errands, target, ActingAs::HostingIdentity);
    accounts.iter().map(|one| judge(one).about(one.0.resource())).collect()
}

/// Finds out what can be found out without a user: whether the tenant knows the API at all.
pub(in super::super) async fn of_nobody(service: &Service, errands: &[Errand]) -> Vec<Check> {
    let Some(credentials) = &service.credentials else { return Vec::new() };
    let targets = hosting::targets(errands, ActingAs::User);
    let identity = HostingIdentity::service_principal(&service.app, credentials.clone());
    let identity = targets.iter().fold(identity, |identity, target| identity.add_target(target));
    let mut checks = Vec::new();
    for target in targets {
        let check = match (Catalogue::known().delegation(target.resource()), identity.token(&target).await) {
            (Some(Delegation::Missing), _) => undelegated(&target),
            (_, Err(error)) => refusal::check(ID, "a token of the app for itself", &error),
            (_, Ok(_)) => unknown(service, errands, &target),
        };
        checks.push(check.about(target.resource()));
    }
    checks
}

fn judge(granted: &[String], errands: &[Errand], target: &Target, who: ActingAs) -> Check {
    let kind = if who == ActingAs::User { "delegated" } else { "application" };
    let needed = permissions(errands, target, who);
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

fn unknown(service: &Service, errands: &[Errand], target: &Target) -> Check {
    let names: Vec<_> = permissions(errands, target, ActingAs::User).iter().map(|one| one.name).collect();
    let needed = if names.is_empty() { "delegated permissions".to_owned() } else { names.join(", ") };
    let id = service.app.client_id();
    Check::skipped(ID, format!("the tenant knows the API; whether {needed} was consented to shows with a user only")).with_details([
        format!("see it with: az ad app permission list-grants --id {id}"),
        format!(
            "or run this again with a user's token in MCP_TOKEN: az account get-access-token --scope api://{id}/access_as_user \
             --query accessToken --output tsv"
        ),
    ])
}

fn undelegated(target: &Target) -> Check {
    let finding = Finding::new(
        "The service exposes no delegated permission, so that nobody can be acted for there; no consent cures it.",
        "Start with the outgoing strategy UseHostingEnvironmentIdentity, or run the server over stdio on the user's machine.",
        Who::Administrator,
        &["no_delegated_scope", "AADSTS65001", "UseHostingEnvironmentIdentity"],
    );
    Check::warn(ID, format!("{} cannot be called on behalf of a user", target.resource()), finding)
}

fn permissions(errands: &[Errand], target: &Target, who: ActingAs) -> Vec<Permission> {
    let mut found: Vec<Permission> = Vec::new();
    let own = errands.iter().filter(|errand| errand.target == *target && errand.acting_as == who);
    for permission in own.filter_map(|errand| errand.permission) {
        if !found.contains(&permission) {
            found.push(permission);
        }
    }
    found
}
