//! A 403: whether the role lacks or the network is refused, and what whoever may change that has to do.

use mcp_obo::outgoing::ActingAs;
use server_kit::failure::{CommandLine, Failure, Who};

use super::{
    code::ErrorCode,
    commands::{OBJECT_ID, RESOURCE_ID, line},
    principal::{Principal, PrincipalKind},
};
use crate::{
    azure::Resource,
    services::Service,
    tools::{Effect, Need, Spec},
};

/// A service's refusal, with what is known of who asked for what.
#[derive(Clone, Debug)]
pub(crate) struct Refused<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) service: Service,
    pub(crate) acting_as: ActingAs,
    pub(crate) resource: Option<&'a Resource>,
    pub(crate) scope: Option<&'a str>,
    pub(crate) principal: Option<Principal>,
    pub(crate) private_zone: Option<&'static str>,
}

/// The built-in roles of Cosmos DB's own data plane; Azure's roles do not count there.
const COSMOS_READER: &str = "00000000-0000-0000-0000-000000000001";
const COSMOS_CONTRIBUTOR: &str = "00000000-0000-0000-0000-000000000002";

/// Returns the id of the least role with which Cosmos DB's data plane lets do this.
pub(crate) const fn cosmos_role(effect: Effect) -> &'static str {
    match effect {
        Effect::Reads => COSMOS_READER,
        Effect::Writes => COSMOS_CONTRIBUTOR,
    }
}

impl<'a> Refused<'a> {
    /// A refusal of which only the status is known.
    pub(crate) const fn unknown(spec: &'a Spec, service: Service, acting_as: ActingAs) -> Self {
        Self { spec, service, acting_as, resource: None, scope: None, principal: None, private_zone: None }
    }

    pub(super) fn explain(&self, code: &ErrorCode) -> Failure {
        if code.of_network {
            return self.network();
        }
        let (role, scope) = self.need();
        let mut failure = Failure::new(
            "forbidden_role",
            Who::Administrator,
            format!("{} may not {} at {}.", self.who(), self.spec.errand, self.service),
            format!(
                "Assign the role {role} on {scope}{}.{} An assignment takes minutes to take effect. If the role is there, the \
                 network rules of the resource may refuse this server's address.",
                self.role_id().map(|id| format!(" (role definition {id})")).unwrap_or_default(),
                self.more(),
            ),
        );
        failure.command = Some(Box::new(self.command(role)));
        failure
    }

    fn network(&self) -> Failure {
        let resource = self.resource.map_or_else(|| "the resource".to_owned(), |it| it.name.clone());
        let zone =
            self.private_zone.map(|zone| format!(" whose name resolves through the zone {zone}")).unwrap_or_default();
        Failure::new(
            "forbidden_network",
            Who::Administrator,
            format!(
                "{} refused the network that the call came from, not the identity: the firewall of {resource} does not know \
                 this server's address, or public network access is disabled.",
                self.service
            ),
            format!(
                "Add this server's outgoing address, or its subnet, to the network rules of {resource}, or run the server where \
                 a private endpoint{zone} can be reached. No role changes this."
            ),
        )
    }

    fn who(&self) -> &'static str {
        match self.acting_as {
            ActingAs::HostingIdentity => "This server's own identity",
            _ => "You are signed in; your account",
        }
    }

    fn need(&self) -> (&'static str, &'static str) {
        let need = self.spec.needs.iter().find(|need| need.service == self.service);
        need.map_or(("a role of the service", "the resource"), |Need { role, scope, .. }| (*role, *scope))
    }

    fn role_id(&self) -> Option<&'static str> {
        (self.service == Service::Cosmos).then(|| cosmos_role(self.spec.effect))
    }

    /// What is peculiar to the service's roles.
    fn more(&self) -> &'static str {
        match self.service {
            Service::Cosmos => {
                " The scope / is the whole account; /dbs/DATABASE and /dbs/DATABASE/colls/CONTAINER are narrower. Azure's own \
                 roles, such as Owner, give no access to documents."
            }
            Service::ConfidentialLedger => {
                " The ledger keeps its own list of users, and the command replaces that list: name those who are on it, too."
            }
            _ => "",
        }
    }

    fn command(&self, role: &str) -> CommandLine {
        let object_id = self.principal.as_ref().map_or(OBJECT_ID, |it| it.object_id.as_str());
        let (group, name) = self.resource.map_or(("<resource group>", "<name>"), |it| (&it.group, &it.name));
        match self.service {
            Service::Cosmos => line(&[
                "az",
                "cosmosdb",
                "sql",
                "role",
                "assignment",
                "create",
                "--account-name",
                name,
                "--resource-group",
                group,
                "--scope",
                "/",
                "--principal-id",
                object_id,
                "--role-definition-id",
                cosmos_role(self.spec.effect),
            ]),
            Service::ConfidentialLedger => {
                let tenant = self.principal.as_ref().and_then(|it| it.tenant.as_deref()).unwrap_or("<tenant id>");
                let (role, id) = (format!("ledger-role-name={role}"), format!("principal-id={object_id}"));
                let tenant = format!("tenant-id={tenant}");
                line(&[
                    "az",
                    "confidentialledger",
                    "update",
                    "--name",
                    name,
                    "--resource-group",
                    group,
                    "--aad-based-security-principals",
                    &role,
                    &id,
                    &tenant,
                ])
            }
            _ => {
                let scope = self.resource.map(|it| it.id.as_str()).or(self.scope).unwrap_or(RESOURCE_ID);
                let kind = self.principal.as_ref().map_or(PrincipalKind::ServicePrincipal, |it| it.kind);
                let kind = if self.principal.is_none() && self.acting_as == ActingAs::User {
                    PrincipalKind::User
                } else {
                    kind
                };
                line(&[
                    "az",
                    "role",
                    "assignment",
                    "create",
                    "--assignee-object-id",
                    object_id,
                    "--assignee-principal-type",
                    kind.as_str(),
                    "--role",
                    role,
                    "--scope",
                    scope,
                ])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{azure::Kind, tools::all};

    const OID: &str = "a1a1a1a1-0000-4000-8000-000000000001";
    const TID: &str = "b2b2b2b2-0000-4000-8000-000000000002";

    fn explained(tool: &str, service: Service, kind: &Kind, code: &ErrorCode, known: bool) -> Failure {
        let tools = all();
        let spec = tools.iter().map(|tool| tool.spec()).find(|spec| spec.name == tool).unwrap();
        let id = format!("/subscriptions/{TID}/resourceGroups/rg(1)/providers/{}/mine", kind.provider);
        let resource = Resource::read(kind, json!({"id": id, "name": "mine"})).unwrap();
        let kind = PrincipalKind::ServicePrincipal;
        let principal = Principal { object_id: OID.to_owned(), tenant: Some(TID.to_owned()), kind };
        Refused {
            resource: known.then_some(&resource),
            principal: known.then_some(principal),
            private_zone: Some("privatelink.vaultcore.azure.net"),
            ..Refused::unknown(spec, service, ActingAs::HostingIdentity)
        }
        .explain(code)
    }

    #[test]
    fn the_network_is_told_apart_from_the_role() {
        let code = ErrorCode { word: Some("ForbiddenByFirewall".to_owned()), of_network: true };
        let failure = explained("azmcp_keyvault_secret_list", Service::KeyVault, &Kind::VAULT, &code, true);
        assert_eq!((failure.kind, failure.command.is_none()), ("forbidden_network", true));
        assert!(failure.cure.contains("privatelink.vaultcore.azure.net") && failure.cure.contains("No role"));
        let failure =
            explained("azmcp_keyvault_secret_list", Service::KeyVault, &Kind::VAULT, &ErrorCode::default(), true);
        assert_eq!((failure.kind, failure.who), ("forbidden_role", Who::Administrator));
        assert!(
            failure.cure.starts_with("Assign the role Key Vault Reader on the key vault. An assignment"),
            "{failure:?}"
        );
    }

    #[test]
    fn who_was_refused_is_told_as_what_that_is() {
        let tools = all();
        let spec = tools.iter().map(|tool| tool.spec()).find(|it| it.name == "azmcp_group_list").unwrap();
        for (acting_as, who, kind) in [
            (ActingAs::User, "You are signed in; your account", "User"),
            (ActingAs::HostingIdentity, "This server's own identity", "ServicePrincipal"),
        ] {
            let failure = Refused::unknown(spec, Service::Arm, acting_as).explain(&ErrorCode::default());
            assert!(failure.cause.starts_with(who), "{failure:?}");
            let line = failure.command.unwrap().bash;
            assert!(line.contains(&format!("--assignee-principal-type {kind} ")), "{line}");
        }
    }

    #[test]
    fn a_ledger_has_roles_of_its_own() {
        let tool = "azmcp_confidentialledger_entries_append";
        let code = ErrorCode::default();
        let failure = explained(tool, Service::ConfidentialLedger, &Kind::LEDGER, &code, true);
        let line = failure.command.unwrap().bash;
        assert_eq!(
            &*line,
            format!(
                "az confidentialledger update --name mine --resource-group 'rg(1)' --aad-based-security-principals \
                 ledger-role-name=Contributor principal-id={OID} tenant-id={TID}"
            )
        );
        assert!(failure.cure.contains("replaces that list"));
    }

    #[test]
    fn what_is_not_known_has_a_place_in_the_line() {
        let failure = explained(
            "azmcp_storage_blob_container_list",
            Service::Storage,
            &Kind::STORAGE_ACCOUNT,
            &ErrorCode::default(),
            false,
        );
        let line = failure.command.unwrap().bash;
        for part in [OBJECT_ID, RESOURCE_ID, "'Storage Blob Data Reader'", "ServicePrincipal"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}
