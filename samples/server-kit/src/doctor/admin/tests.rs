use std::{collections::BTreeMap, net::IpAddr};

use http::StatusCode;
use mcp_auth_layer::{
    EntraApp,
    fetch::{Egress, FetchLimits, HttpClient},
};
use mcp_obo::{ClientCredentials, ClientSecret, HostingIdentity, Target, outgoing::ActingAs};

use crate::{
    doctor::{
        account::Account,
        check::{Check, Finding},
        endpoint::{Endpoint, Need},
        errand::{Errand, Permission, Role, RoleKind},
        examine::Examination,
        network::{
            Probed,
            fault::{Fault, NameFault, ProxyFault, Shown},
            zone,
        },
        patient::{Patient, Service},
        report::Report,
    },
    failure::Who,
};

const CLIENT: &str = "5b0a7a3e-2f0d-4a65-8f44-0c9d5be7a201";
const OWN: &str = "7e307b14-2a27-4f66-ada8-0d5a3c6e1b04";
const SECRET: &str = "a-secret-that-nobody-prints";

const USER_IMPERSONATION: Permission = Permission {
    api: "Azure Key Vault",
    api_id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
    name: "user_impersonation",
    delegated_id: Some("f53da476-18e3-4152-8e01-aec403e6edc0"),
    application_id: None,
};

fn probed(url: &str, purpose: &str, addresses: &[&str], private: Result<&str, NameFault>) -> Probed {
    let endpoint = Endpoint::new(url, purpose, Need::Server).unwrap();
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let zone = zone::of(endpoint.host());
    let private = private.map(|address| vec![address.parse().unwrap()]);
    Probed {
        private: zone.map(|zone| (zone, private)),
        addresses: Ok(addresses),
        hop: None,
        outcome: Ok(Some(Shown::default())),
        endpoint,
    }
}

fn role(name: &str, kind: RoleKind, scope: &str) -> Role {
    Role { name: name.to_owned(), kind, scope: scope.to_owned() }
}

fn service() -> Service {
    let http = HttpClient::reqwest_through(FetchLimits::default(), &Egress::default()).unwrap();
    let app = |id| EntraApp::single_tenant_over(http.clone(), "contoso.onmicrosoft.com", id).unwrap();
    Service {
        application: "azure-tools".to_owned(),
        app: app(CLIENT),
        scope: "access_as_user".to_owned(),
        credentials: Some(ClientCredentials::of(ClientSecret::new(SECRET))),
        hosting: Some(HostingIdentity::service_principal(&app(OWN), ClientSecret::new(SECRET))),
        listener: None,
        user_token: Some(SECRET.into()),
    }
}

fn errands() -> [Errand; 3] {
    let vault = Target::parse("https://vault.azure.net/.default").unwrap();
    let storage = Target::parse("https://storage.azure.com/.default").unwrap();
    let cosmos = Target::parse("https://cosmos.azure.com/.default").unwrap();
    [
        Errand::new("azmcp_keyvault_secret_list", "list the names of secrets", &vault, ActingAs::User)
            .with_permission(USER_IMPERSONATION)
            .with_role(role("Key Vault Reader", RoleKind::Azure, "<id of the vault>")),
        Errand::new("azmcp_storage_blob_container_list", "list containers", &storage, ActingAs::HostingIdentity)
            .with_role(role("Storage Blob Data Reader", RoleKind::Azure, "<id of the storage account>")),
        Errand::new("azmcp_cosmos_item_query", "read items", &cosmos, ActingAs::HostingIdentity).with_role(role(
            "00000000-0000-0000-0000-000000000001",
            RoleKind::Cosmos,
            "/",
        )),
    ]
}

fn checks() -> Vec<Check> {
    let finding = Finding::new(
        "A Conditional Access policy wants a compliant device.",
        "Enrol the device (Intune), or ask for an exception for this app.",
        Who::Administrator,
        &["AADSTS53000", "blocked_by_policy"],
    );
    let ids = ["trace id 8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11", "correlation id 1e8481b7-97e0-4b4f-a250-a55da2603097"];
    vec![
        Check::ok("configuration", "read from the environment"),
        Check::fail(
            "permissions",
            "on behalf of the user of MCP_TOKEN: a policy blocks the user (AADSTS53000)",
            finding,
        )
        .about("https://vault.azure.net")
        .with_ids(ids.map(str::to_owned)),
        Check::skipped_because_of("roles", "permissions https://vault.azure.net"),
    ]
}

fn examination() -> Examination {
    let probed = vec![
        probed("https://login.microsoftonline.com", "sign-in", &["20.190.160.1"], Err(NameFault::NotFound)),
        probed("https://contoso.vault.azure.net", "Key Vault contoso", &["10.1.2.3"], Ok("10.1.2.3")),
        Probed {
            outcome: Err(Fault::Proxy(ProxyFault::Denied { status: StatusCode::FORBIDDEN, reason: None })),
            ..probed("https://contoso.blob.core.windows.net", "Storage contoso", &["20.60.1.2"], Ok("20.60.1.2"))
        },
    ];
    let patient = errands().into_iter().fold(Patient::new("azure-tools", &BTreeMap::new()), Patient::with_errand);
    let patient = patient.with_endpoints(probed.iter().map(|one| one.endpoint.clone())).with_service(service());
    let account = Account {
        tenant: Some("3f1c0b1e-7d4a-4c0e-9a57-6a1f0d2b9c11".to_owned()),
        object_id: Some("7e307b14-2a27-4f66-ada8-0d5a3c6e1b0b".to_owned()),
        app_id: Some(OWN.to_owned()),
        ..Account::default()
    };
    Examination {
        patient,
        report: Report::new("azure-tools", checks()),
        probed,
        account: Some(account),
        source: Some([10, 0, 0, 4].into()),
    }
}

/// What the commands are for an identity without a registration, which is granted application permissions.
#[test]
fn an_identity_is_granted_application_permissions_by_its_object_id() {
    let graph = Permission { application_id: Some("1b620472-6534-4fe6-9df2-4680e8aa28ec"), ..USER_IMPERSONATION };
    let mut examination = examination();
    examination.patient.errands[1].permission = Some(graph);
    let grant = "servicePrincipals/7e307b14-2a27-4f66-ada8-0d5a3c6e1b0b/appRoleAssignments";
    let text = examination.request_for_admin();
    assert!(text.contains(grant) && text.contains("\"appRoleId\": \"1b620472-6534-4fe6-9df2-4680e8aa28ec\""), "{text}");
    if let Some(account) = &mut examination.account {
        account.object_id = Some("x'; rm -rf /; '".to_owned());
    }
    let commands = super::commands::lines(&examination);
    assert!(!commands.contains("rm -rf") && commands.contains("<object id of the hosting identity>"), "{commands}");
}

/// On a developer's machine the hosting identity is whoever is signed in there.
#[test]
fn a_person_at_the_machine_is_asked_for_as_a_person_and_without_an_app() {
    let mut examination = examination();
    if let (Some(account), Some(service)) = (&mut examination.account, &mut examination.patient.service) {
        account.scopes = vec!["user_impersonation".to_owned()];
        service.credentials = None;
    }
    let text = examination.request_for_admin();
    assert!(text.contains("--assignee-principal-type User --role 'Storage Blob Data Reader'"), "{text}");
    assert!(text.contains("application id   none") && !text.contains("ServicePrincipal"), "{text}");
}

/// The file is what an administrator would get; who changes a text looks at the whole of it.
#[test]
fn the_request_has_everything_that_the_guide_wants_and_no_secret() {
    let text = examination().request_for_admin();
    assert_eq!(text, include_str!("golden.txt"), "{text}");
    assert!(!text.contains(SECRET));
    assert!(!format!("{:?}", examination()).contains(SECRET));
}

#[test]
fn a_server_whose_settings_cannot_be_used_still_has_a_request() {
    let patient = Patient::new("azure-tools", &BTreeMap::new())
        .with_mistakes(crate::settings::Mistakes(vec!["AZURE_CLOUD: \"x\" is not known".to_owned()]));
    let finding = Finding::new("c", "Correct each of the lines below.", Who::Operator, &[]);
    let checks = vec![Check::fail("configuration", "AZURE_CLOUD: \"x\" is not known", finding)];
    let report = Report::new("azure-tools", checks);
    let examination = Examination { patient, report, probed: Vec::new(), account: None, source: None };
    let text = examination.request_for_admin();
    for part in
        ["its settings cannot be used", "AZURE_CLOUD: \"x\" is not known", "- Is Conditional Access in the way?"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}
