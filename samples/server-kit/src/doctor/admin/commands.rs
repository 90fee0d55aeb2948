//! The lines that an administrator runs.

use std::collections::BTreeSet;

use super::super::{
    account::Account,
    errand::{Errand, Permission, Role, RoleKind},
    examine::Examination,
};

/// Writes them, for the shell; what is not known here stands in angle brackets.
pub(super) fn lines(examination: &Examination) -> String {
    let Some(service) = &examination.patient.service else { return String::new() };
    let (mut lines, id, errands) = (Vec::new(), service.app.client_id(), &examination.patient.errands);
    // It comes from a token that nobody has verified.
    let is_id = |text: &&str| text.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_');
    let account = examination.account.as_ref();
    let object = account.and_then(|account| account.object_id.as_deref()).filter(is_id);
    let own = service.app.authority().segment();
    // `organizations` is where whoever is signed in is looked for, and no tenant.
    let own = Some(own).filter(|own| !["organizations", "common"].contains(own));
    let tenant = account.and_then(|account| account.tenant.as_deref()).filter(is_id).or(own).unwrap_or("<tenant id>");
    let object = object.unwrap_or("<object id of the hosting identity>");
    for errand in errands {
        let granted =
            |permission| if errand.is_hosted() { to_host(permission, object) } else { to_app(permission, id) };
        lines.extend(errand.grantable().and_then(granted));
    }
    if errands.iter().any(|errand| errand.grantable().is_some() && !errand.is_hosted()) {
        lines.push(format!("az ad app permission admin-consent --id {id}"));
    }
    for errand in errands {
        let (principal, kind) = if errand.is_hosted() {
            (object, account.map_or("ServicePrincipal", Account::principal_type))
        } else {
            ("<object id of the user or group>", "<User or Group>")
        };
        let role = errand.role.as_ref().filter(|role| !is_outranked(role, errand, errands));
        lines.extend(role.map(|role| assignment(role, principal, kind, tenant)));
    }
    let roles = errands.iter().filter_map(|errand| errand.role.as_ref());
    let has_azure = roles.map(|role| role.kind).any(|kind| kind != RoleKind::Directory);
    let scope = if has_azure { " --role Reader --scopes '/subscriptions/<subscription id>'" } else { "" };
    lines.push("# only if a service principal is preferred to the identity above:".to_owned());
    lines.push(format!("az ad sp create-for-rbac --name {}{scope}", quoted(&service.application)));
    once(lines)
}

/// Several tools need the same.
fn once(lines: Vec<String>) -> String {
    let mut seen = BTreeSet::new();
    let is_new = |line: &String| seen.insert(line.clone());
    lines.into_iter().filter(is_new).fold(String::new(), |text, line| text + &line + "\n")
}

/// Delegated permissions stand at the app registration.
fn to_app(permission: Permission, app: &str) -> Option<String> {
    let (api, id) = (permission.api_id, permission.delegated_id?);
    Some(format!("az ad app permission add --id {app} --api {api} --api-permissions {id}=Scope"))
}

/// Application permissions are assigned to a service principal, which an identity without a registration has too.
fn to_host(permission: Permission, object: &str) -> Option<String> {
    let Permission { api, api_id, name, .. } = permission;
    let id = permission.application_id?;
    Some(format!(
        "az rest --method POST --url 'https://graph.microsoft.com/v1.0/servicePrincipals/{object}/appRoleAssignments' --body \
         '{{\"principalId\": \"{object}\", \"resourceId\": \"<object id of {api}: az ad sp show --id {api_id} --query id>\", \
         \"appRoleId\": \"{id}\"}}'  # {name}"
    ))
}

/// A ledger's user has one role, and whoever is named again gets another: the lesser one must not come last.
fn is_outranked(role: &Role, errand: &Errand, errands: &[Errand]) -> bool {
    let rank = |role: &Role| ["Reader", "Contributor", "Administrator"].iter().position(|name| role.name == *name);
    let others = errands.iter().filter(|other| other.is_hosted() == errand.is_hosted());
    let mut others = others.filter_map(|other| other.role.as_ref()).filter(|other| other.kind == RoleKind::Ledger);
    role.kind == RoleKind::Ledger && others.any(|other| rank(other) > rank(role))
}

fn assignment(role: &Role, principal: &str, kind: &str, tenant: &str) -> String {
    let (name, scope, principal, kind) = (quoted(&role.name), quoted(&role.scope), quoted(principal), quoted(kind));
    match role.kind {
        RoleKind::Azure => format!(
            "az role assignment create --assignee-object-id {principal} --assignee-principal-type {kind} --role {name} --scope {scope}"
        ),
        RoleKind::Cosmos => format!(
            "az cosmosdb sql role assignment create --account-name '<account>' --resource-group '<resource group>' --principal-id \
             {principal} --role-definition-id {name} --scope {scope}"
        ),
        RoleKind::Ledger => format!(
            "az confidentialledger update --name '<ledger>' --resource-group '<resource group>' --aad-based-security-principals \
             ledger-role-name={name} principal-id={principal} tenant-id={}  # it replaces the list: name its users, too",
            quoted(tenant)
        ),
        RoleKind::Directory => format!(
            "# {}: assign it in the Microsoft 365 admin center (Roles), or in the Entra admin center (Roles and administrators)",
            role.name
        ),
    }
}

/// Makes one word of a text for the shells: what is pasted must not be run.
fn quoted(text: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.' | '/' | ':' | '=' | '@');
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_is_pasted_is_one_word() {
        for (text, word) in [
            ("Storage Blob Data Reader", "'Storage Blob Data Reader'"),
            ("/subscriptions/1/resourceGroups/a", "/subscriptions/1/resourceGroups/a"),
            ("<id>", "'<id>'"),
            ("$(x)'`y`", "'$(x)'\\''`y`'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }
}
