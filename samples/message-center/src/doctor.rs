//! What the doctor has to know about this server; how it examines is in `server_kit::doctor`.

use std::path::{Path, PathBuf};

use http::HeaderMap;
use mcp_auth_layer::{
    config::ConfigError,
    fetch::{FetchLimits, HttpClient},
    verify::Verifier,
};
use mcp_obo::{OutgoingAuth, TokenSource, outgoing::ActingAs};
use secrecy::SecretString;
use server_kit::{
    doctor::{Check, Endpoint, Errand, Finding, Listener, Need, Patient, Permission, Role, RoleKind, Service},
    failure::{Context, Failure, Who},
    settings::{Layered, Mistakes, Process, Reader, Unattended, Vars, cloud},
};

use crate::{
    failure, front_door,
    graph::Graph,
    settings::Settings,
    tools::get_messages::{self, Arguments},
};

const PROGRAM: &str = "message-center";

/// What the tool needs of Microsoft Graph, by the ids that it has in every tenant (learn.microsoft.com/graph/permissions-reference).
const READ_MESSAGES: Permission = Permission {
    api: "Microsoft Graph",
    api_id: "00000003-0000-0000-c000-000000000000",
    name: "ServiceMessage.Read.All",
    delegated_id: Some("eda39fa6-f8cf-4c3c-a909-432c683e4c9b"),
    application_id: Some("1b620472-6534-4fe6-9df2-4680e8aa28ec"),
};

/// Makes a patient of the server that would start in this folder.
#[must_use]
pub fn patient_in(folder: &Path) -> Patient {
    match Layered::over_env_local(Process, folder) {
        Ok(vars) => patient(&vars, vars.file().map(Path::to_owned)),
        Err(text) => Patient::new(PROGRAM, &Process).with_mistakes(Mistakes(vec![text])),
    }
}

/// Makes this server a patient, whatever state its settings are in.
///
/// `MCP_TOKEN` may hold a user's token for this server, by which more can be found out.
pub fn patient(vars: &dyn Vars, file: Option<PathBuf>) -> Patient {
    let patient = Patient::new(PROGRAM, vars).with_env_file(file);
    let made = Settings::read(&Unattended(vars)).and_then(|settings| {
        let token = Reader::new(vars).get("MCP_TOKEN").map(SecretString::from);
        let patient = patient.clone().with_endpoints(vault(vars));
        settled(patient, &settings, token).map_err(|error| Mistakes(vec![error.to_string()]))
    });
    made.unwrap_or_else(|mistakes| {
        let environment = mcp_auth_layer::bypass::Environment::Production;
        let choice = cloud::read(&mut Reader::new(vars), environment, &["AZURE_CLOUD"]);
        patient.with_mistakes(mistakes).with_endpoints(Endpoint::of_guide(choice.cloud))
    })
}

fn settled(patient: Patient, settings: &Settings, token: Option<SecretString>) -> Result<Patient, ConfigError> {
    let acting_as = settings.outgoing.acting_as();
    let hosting = match &settings.outgoing {
        OutgoingAuth::HostingEnvironment(identity) => Some(identity.clone()),
        _ => None,
    };
    let service = Service {
        application: PROGRAM.to_owned(),
        app: settings.app.clone(),
        scope: settings.required_scopes.first().cloned().unwrap_or_default(),
        credentials: settings.credentials.clone(),
        hosting,
        listener: Some(Listener { address: settings.address, public_base_url: settings.public_base_url.clone() }),
        user_token: token,
    };
    Ok(patient
        .with_warnings(settings.warnings.iter().cloned())
        .with_endpoints(endpoints(settings))
        .with_errand(errand(settings, acting_as)?)
        .with_check(redirects(settings)?)
        .with_service(service))
}

/// The vault with the app's certificate, where it is in one.
fn vault(vars: &dyn Vars) -> Option<Endpoint> {
    let url = Reader::new(vars).get("GRAPH_CLIENT_CERT_KEYVAULT_URL")?;
    Endpoint::new(&url, "Key Vault with the app's certificate", Need::Server)
}

/// Entra and Graph; and where these are a cloud's own, what the guide names beside them.
fn endpoints(settings: &Settings) -> Vec<Endpoint> {
    let host = settings.app.authority().host();
    let own = [
        Endpoint::new(host, "sign-in", Need::Server),
        Endpoint::new(&settings.graph_base_url, "Microsoft Graph", Need::Server),
    ];
    let guide = cloud::host_of(host).and_then(|host| mcp_auth_layer::cloud::Cloud::of_authority_host(&host));
    own.into_iter().flatten().chain(guide.map(Endpoint::of_guide).into_iter().flatten()).collect()
}

fn errand(settings: &Settings, acting_as: ActingAs) -> Result<Errand, ConfigError> {
    let http = HttpClient::reqwest_through(FetchLimits::default(), &settings.egress)?;
    let graph = Graph::new(http, settings.target.clone(), &settings.graph_base_url)?;
    let context = Context {
        tenant_url: format!("{}/{}", settings.app.authority().host(), settings.app.authority().segment()),
        client_id: settings.app.client_id().to_owned(),
        acting_as,
    };
    let errand = Errand::new(get_messages::NAME, failure::ERRAND.what, &settings.target, acting_as)
        .with_permission(READ_MESSAGES)
        .with_probe(move |who| {
            let (graph, context) = (graph.clone(), context.clone());
            Box::pin(async move { read_one(&graph, who, &context).await })
        });
    Ok(match acting_as {
        // Graph asks an app for its permission alone.
        ActingAs::HostingIdentity => errand,
        _ => errand.with_role(Role {
            name: "Message Center Reader".to_owned(),
            kind: RoleKind::Directory,
            scope: "/ (the whole directory)".to_owned(),
        }),
    })
}

/// One message, which is not looked at.
async fn read_one(graph: &Graph, who: &dyn TokenSource, context: &Context) -> Result<String, Failure> {
    let arguments = Arguments { top: Some(1), ..Arguments::default() };
    match graph.messages(who, &arguments, &HeaderMap::new()).await {
        Ok(_) => Ok("Microsoft Graph lets the acting identity read the Message Center".to_owned()),
        Err(error) => Err(failure::of_graph(&error, context)),
    }
}

/// Where codes may go, and what has to be registered for that.
fn redirects(settings: &Settings) -> Result<Check, ConfigError> {
    const ID: &str = "redirects";
    let (Some(proxy), Some(door)) =
        (front_door::proxy(settings, &Verifier::entra(&settings.app))?, &settings.front_door)
    else {
        return Ok(Check::skipped(ID, "clients sign in at Entra itself; this server has no OAuth front door"));
    };
    let rules: Vec<_> = door.redirects.rules().iter().map(|rule| format!("allowed: {rule}")).collect();
    let registered = format!("{} must be registered at Entra", proxy.registration());
    if rules.is_empty() && door.document_hosts.is_none() {
        let finding = Finding::new(
            "The list of redirect URIs is empty, so that no client can sign in here.",
            "Name the clients in MCP_OAUTH_REDIRECT_URI_PREFIXES, or switch the front door off (MCP_OAUTH_PROXY=off).",
            Who::Operator,
            &["invalid_redirect_uri", "MCP_OAUTH_REDIRECT_URI_PREFIXES"],
        );
        return Ok(Check::warn(ID, registered, finding));
    }
    // Whether it is registered nobody can see from here; the first sign-in tells (AADSTS50011).
    Ok(Check::ok(ID, format!("{registered} (else AADSTS50011); {} rules say where codes may go", rules.len()))
        .with_details(rules))
}
