//! Which app this server is, and with what it proves that.

use secrecy::SecretString;

use super::reader::Reader;

/// The app registration.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) tenant: String,
    pub(super) client_id: String,
    pub(super) secret: SecretString,
}

/// What `GRAPH_CLIENT_*` variables there are; any of them means that `AZURE_*` belongs to the hosting identity.
const GRAPH_CLIENT: [&str; 8] = [
    "GRAPH_CLIENT_ID",
    "GRAPH_CLIENT_SECRET",
    "GRAPH_CLIENT_CERT_PATH",
    "GRAPH_CLIENT_CERT_KEYVAULT_URL",
    "GRAPH_CLIENT_CERT_SECRET_NAME",
    "GRAPH_CLIENT_CERT_SECRET_VERSION",
    "GRAPH_CLIENT_CERT_THUMBPRINT",
    "GRAPH_CLIENT_MANAGED_IDENTITY",
];

/// Credentials that this version cannot use.
const LATER: [&str; 4] = [
    "GRAPH_CLIENT_CERT_PATH",
    "GRAPH_CLIENT_CERT_KEYVAULT_URL",
    "GRAPH_CLIENT_MANAGED_IDENTITY",
    "AZURE_CLIENT_CERTIFICATE_PATH",
];

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Identity> {
    let tenant = reader.first(&["GRAPH_TENANT_ID", "TEAMS_APP_TENANT_ID", "AZURE_TENANT_ID"]);
    if tenant.is_none() {
        reader.mistake("GRAPH_TENANT_ID: not set; write the tenant's id or one of its domains");
    }
    let client_id = client_id(reader);
    let secret = client_id.as_ref().and_then(|(source, _)| secret(reader, *source));
    Some(Identity { tenant: tenant?.1, client_id: client_id?.1, secret: secret? })
}

/// From which variable the client id came; it decides whose `AZURE_CLIENT_SECRET` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Graph,
    Azure,
}

fn client_id(reader: &mut Reader<'_>) -> Option<(Source, String)> {
    if let Some(id) = reader.get("GRAPH_CLIENT_ID") {
        return Some((Source::Graph, id));
    }
    let azure = reader.get("AZURE_CLIENT_ID");
    let graph_variable = GRAPH_CLIENT.iter().find(|name| reader.is_set(name));
    // A federated token file is no sign of an app: Kubernetes injects it, with the id, for managed identities too.
    let own_credential = reader.is_set("AZURE_CLIENT_SECRET") || reader.is_set("AZURE_CLIENT_CERTIFICATE_PATH");
    match (azure, graph_variable) {
        (Some(id), None) if own_credential => Some((Source::Azure, id)),
        (Some(_), None) => {
            reader.mistake(
                "GRAPH_CLIENT_ID: not set; AZURE_CLIENT_ID without AZURE_CLIENT_SECRET is the hosting identity, \
                 and an identity's id is never the audience of an API",
            );
            None
        }
        (_, Some(name)) => {
            reader
                .mistake(format!("GRAPH_CLIENT_ID: not set, but {name} is; write the client id of this server's app"));
            None
        }
        (None, None) => {
            reader.mistake("GRAPH_CLIENT_ID: not set; write the client id of this server's app");
            None
        }
    }
}

fn secret(reader: &mut Reader<'_>, source: Source) -> Option<SecretString> {
    let name = match source {
        Source::Graph => "GRAPH_CLIENT_SECRET",
        Source::Azure => "AZURE_CLIENT_SECRET",
    };
    let secret = reader.get(name);
    let later: Vec<_> = LATER.iter().copied().filter(|later| reader.is_set(later)).collect();
    let of_hosting = source == Source::Graph;
    for other in later.iter().filter(|later| !(of_hosting && later.starts_with("AZURE_"))) {
        let text = format!("{other}: this version signs in with a client secret only");
        if secret.is_some() { reader.warn(format!("{text}; it is not used")) } else { reader.mistake(text) }
    }
    if secret.is_none() {
        let hint = if of_hosting && reader.is_set("AZURE_CLIENT_SECRET") {
            "; AZURE_CLIENT_SECRET belongs to the hosting identity and is never sent with GRAPH_CLIENT_ID"
        } else {
            ""
        };
        reader.mistake(format!("{name}: not set; write the secret of this server's app{hint}"));
    }
    secret.map(SecretString::from)
}
