//! What the doctor has to know about this server; how it examines is in `server_kit::doctor`.

mod errands;
mod probe;

use std::path::{Path, PathBuf};

use mcp_auth_layer::{
    EntraApp,
    bypass::Environment,
    config::ConfigError,
    fetch::{FetchLimits, HttpClient},
};
use secrecy::SecretString;
use server_kit::{
    doctor::{self, Endpoint, Listener, Patient},
    settings::{Layered, Mistakes, Process, Reader, Unattended, Vars, cloud},
};

use crate::{
    arguments::Start,
    azure::LEDGER_IDENTITY,
    services::Service,
    settings::{SCOPE, Settings},
    stack,
    tools::Tool,
};

const PROGRAM: &str = "azure-tools";

/// Stands in for the id of an app where nobody calls in; it is never sent.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Makes a patient of the server that would start in this folder with these options.
///
/// `hosts` are those of resources, which only their owner knows.
#[must_use]
pub fn patient_in(folder: &Path, start: &Start, hosts: &[String]) -> Patient {
    match Layered::over_env_local(Process, folder) {
        Ok(vars) => patient(&vars, vars.file().map(Path::to_owned), start, hosts),
        Err(text) => Patient::new(PROGRAM, &Process).with_mistakes(Mistakes(vec![text])),
    }
}

/// Makes this server a patient, whatever state its settings are in.
///
/// `MCP_TOKEN` may hold a user's token for this server, by which more can be found out.
pub fn patient(vars: &dyn Vars, file: Option<PathBuf>, start: &Start, hosts: &[String]) -> Patient {
    let (resources, mistakes) = resources(hosts);
    let patient = Patient::new(PROGRAM, vars).with_env_file(file).with_endpoints(resources).with_mistakes(mistakes);
    let made = Settings::read(start, &Unattended(vars)).and_then(|settings| {
        let token = Reader::new(vars).get("MCP_TOKEN").map(SecretString::from);
        settled(patient.clone(), &settings, token).map_err(|error| Mistakes(vec![error.to_string()]))
    });
    made.unwrap_or_else(|mistakes| {
        let choice = cloud::read(&mut Reader::new(vars), Environment::Production, &["AZURE_CLOUD"]);
        patient.with_mistakes(mistakes).with_endpoints(Endpoint::of_guide(choice.cloud))
    })
}

/// What is no host is said by its place: it may be anything, and its text stands in no report.
fn resources(hosts: &[String]) -> (Vec<Endpoint>, Mistakes) {
    let address = |host: &String| if host.contains("://") { host.clone() } else { format!("https://{host}") };
    let named = |host| Endpoint::new(&address(host), "a resource", doctor::Need::Server);
    let wrong = hosts.iter().enumerate().filter(|(_, host)| named(host).is_none());
    let wrong = wrong
        .map(|(place, _)| format!("--host: number {} is no host such as contoso.blob.core.windows.net", place + 1));
    (hosts.iter().filter_map(named).collect(), Mistakes(wrong.collect()))
}

fn settled(patient: Patient, settings: &Settings, token: Option<SecretString>) -> Result<Patient, ConfigError> {
    let incoming = settings.incoming.as_ref();
    let app = match incoming.and_then(|incoming| incoming.app.clone()) {
        Some(app) => app,
        None => hosts_own(settings)?,
    };
    let service = doctor::Service {
        application: PROGRAM.to_owned(),
        scope: SCOPE.to_owned(),
        credentials: incoming.and_then(|incoming| incoming.credentials.clone()),
        hosting: settings.acting.hosting.clone(),
        listener: incoming
            .map(|incoming| Listener { address: incoming.address, public_base_url: incoming.public_base_url.clone() }),
        user_token: token,
        app,
    };
    let patient =
        patient.with_warnings(settings.warnings.iter().cloned()).with_endpoints(endpoints(settings, &service.app));
    let azure = stack::azure(settings, incoming.and_then(|incoming| incoming.app.as_ref()))?;
    let errands = errands::all(settings, &azure);
    Ok(errands
        .into_iter()
        .fold(patient, Patient::with_errand)
        .with_check(errands::refused(settings))
        .with_service(service))
}

/// The app of a server that nobody calls over the network: the tenant of its own identity.
fn hosts_own(settings: &Settings) -> Result<EntraApp, ConfigError> {
    let http = HttpClient::reqwest_through(FetchLimits::default(), &settings.egress)?;
    let app = match &settings.tenant {
        Some(tenant) => EntraApp::single_tenant_over(http, tenant, NOBODY)?,
        None => EntraApp::any_organization_over(http, NOBODY)?,
    };
    Ok(app.with_cloud(settings.cloud))
}

/// Entra and Resource Manager; and what the guide names beside them.
fn endpoints(settings: &Settings, app: &EntraApp) -> Vec<Endpoint> {
    let sign_in = Endpoint::new(app.authority().host(), "sign-in", doctor::Need::Server);
    let arm = Service::Arm.place(settings.cloud);
    let arm = arm.and_then(|arm| Endpoint::new(arm.resource, Service::Arm.name(), doctor::Need::Server));
    let usable = || settings.offer.tools().map(Tool::spec).filter(|spec| settings.acting.refusal(spec).is_none());
    let has_ledger = usable().any(|spec| spec.service() == Service::ConfidentialLedger);
    let ledgers = Endpoint::new(LEDGER_IDENTITY, "the certificates of ledgers", doctor::Need::Server);
    let own = [sign_in, arm, ledgers.filter(|_| has_ledger)];
    own.into_iter().flatten().chain(Endpoint::of_guide(settings.cloud)).collect()
}
