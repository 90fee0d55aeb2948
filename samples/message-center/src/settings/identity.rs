//! Which app this server is, and with what it proves that.

use mcp_auth_layer::tenant::TenantName;
use server_kit::settings::{Reader, app::guid};

use super::strategy::Strategy;

/// The app registration.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) tenant: TenantName,
    pub(super) client_id: String,
}

/// The app's own variables; any of them means that `AZURE_CLIENT_ID` and its like belong to the hosting identity.
///
/// `GRAPH_CLIENT_CAPABILITIES` is not among them: it says what callers can do, not who this server is.
const GRAPH_CLIENT: [&str; 10] = [
    "GRAPH_CLIENT_ID",
    "GRAPH_CLIENT_SECRET",
    "GRAPH_CLIENT_CERT_PATH",
    "GRAPH_CLIENT_CERT_PASSWORD",
    "GRAPH_CLIENT_CERT_KEYVAULT_URL",
    "GRAPH_CLIENT_CERT_SECRET_NAME",
    "GRAPH_CLIENT_CERT_NAME",
    "GRAPH_CLIENT_CERT_SECRET_VERSION",
    "GRAPH_CLIENT_CERT_THUMBPRINT",
    "GRAPH_CLIENT_MANAGED_IDENTITY",
];

const AZURE_CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";

/// Reads tenant and id, and says from which variables the app's credentials come, also where there is no id.
pub(super) fn read(reader: &mut Reader<'_>, strategy: Strategy) -> (Source, Option<Identity>) {
    let tenant = tenant(reader);
    let client = client_id(reader, strategy);
    let source = client.as_ref().map_or(Source::Graph, |(source, _)| *source);
    let client_id = client.and_then(|(source, client_id)| guid(reader, source.id_variable(), client_id));
    (source, tenant.zip(client_id).map(|(tenant, client_id)| Identity { tenant, client_id }))
}

/// Tells whether this server's app has a credential of its own, other than what a platform injects.
pub(super) fn has_credential(reader: &Reader<'_>) -> bool {
    let own = ["SECRET", "CERT_PATH", "CERT_KEYVAULT_URL", "MANAGED_IDENTITY"];
    own.iter().any(|kind| reader.is_set(&format!("GRAPH_CLIENT_{kind}")))
}

fn tenant(reader: &mut Reader<'_>) -> Option<TenantName> {
    let Some((name, given)) = reader.first(&["GRAPH_TENANT_ID", "TEAMS_APP_TENANT_ID", "AZURE_TENANT_ID"]) else {
        reader.mistake("GRAPH_TENANT_ID: not set; write the tenant's id or one of its domains");
        return None;
    };
    reader.keep(name, TenantName::parse(&given))
}

/// From which variable the client id came; it decides whose `AZURE_CLIENT_SECRET` and certificate are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Graph,
    Azure,
}

impl Source {
    const fn id_variable(self) -> &'static str {
        match self {
            Self::Graph => "GRAPH_CLIENT_ID",
            Self::Azure => "AZURE_CLIENT_ID",
        }
    }

    pub(super) const fn secret_variable(self) -> &'static str {
        match self {
            Self::Graph => "GRAPH_CLIENT_SECRET",
            Self::Azure => "AZURE_CLIENT_SECRET",
        }
    }

    /// The variables of the certificate's path and password.
    pub(super) const fn certificate_variables(self) -> (&'static str, &'static str) {
        match self {
            Self::Graph => ("GRAPH_CLIENT_CERT_PATH", "GRAPH_CLIENT_CERT_PASSWORD"),
            Self::Azure => (AZURE_CERTIFICATE, "AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        }
    }
}

fn client_id(reader: &mut Reader<'_>, strategy: Strategy) -> Option<(Source, String)> {
    if let Some(id) = reader.get("GRAPH_CLIENT_ID") {
        return Some((Source::Graph, id));
    }
    let azure = reader.get("AZURE_CLIENT_ID");
    let graph_variable = GRAPH_CLIENT.iter().find(|name| reader.is_set(name));
    // A federated token file is no sign of an app: Kubernetes injects it, with the id, for managed identities too.
    let own_credential = reader.is_set("AZURE_CLIENT_SECRET") || reader.is_set(AZURE_CERTIFICATE);
    let why = match (azure, graph_variable) {
        // What acts is the hosting identity, and so all of its variables are its own.
        (Some(_), None) if strategy == Strategy::HostingEnvironment => {
            "AZURE_CLIENT_ID is the hosting identity, and an identity's id is never the audience of an API".to_owned()
        }
        (Some(id), None) if own_credential => return Some((Source::Azure, id)),
        (Some(_), None) => {
            "AZURE_CLIENT_ID without AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH is the hosting identity, and an identity's id is never the audience \
             of an API"
                .to_owned()
        }
        (_, Some(name)) => format!("but {name} is; write the client id of this server's app"),
        (None, None) => "write the client id of this server's app".to_owned(),
    };
    reader.mistake(format!("GRAPH_CLIENT_ID: not set; {why}"));
    None
}
