//! Which app this server is, and with what it proves that.

use mcp_auth_layer::{config::ConfigError, tenant::TenantName};
use secrecy::SecretString;
use uuid::Uuid;

use super::reader::Reader;

/// The app registration.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) tenant: TenantName,
    pub(super) client_id: String,
    pub(super) secret: SecretString,
}

/// The app's own variables; any of them means that `AZURE_CLIENT_ID` and its like belong to the hosting identity.
///
/// `GRAPH_CLIENT_CAPABILITIES` is not among them: it says what callers can do, not who this server is.
const GRAPH_CLIENT: [&str; 9] = [
    "GRAPH_CLIENT_ID",
    "GRAPH_CLIENT_SECRET",
    "GRAPH_CLIENT_CERT_PATH",
    "GRAPH_CLIENT_CERT_PASSWORD",
    "GRAPH_CLIENT_CERT_KEYVAULT_URL",
    "GRAPH_CLIENT_CERT_SECRET_NAME",
    "GRAPH_CLIENT_CERT_SECRET_VERSION",
    "GRAPH_CLIENT_CERT_THUMBPRINT",
    "GRAPH_CLIENT_MANAGED_IDENTITY",
];

/// The app's credentials that this version cannot use. Each belongs to the app wherever its id comes from, but for the last.
const LATER: [&str; 5] = [
    "GRAPH_CLIENT_CERT_PATH",
    "GRAPH_CLIENT_CERT_KEYVAULT_URL",
    "GRAPH_CLIENT_MANAGED_IDENTITY",
    "AZURE_FEDERATED_TOKEN_FILE",
    AZURE_CERTIFICATE,
];

const AZURE_CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Identity> {
    let tenant = tenant(reader);
    let client = client_id(reader);
    // Without an id the secret is looked for all the same, so that both are reported.
    let secret = secret(reader, client.as_ref().map_or(Source::Graph, |(source, _)| *source));
    let (source, client_id) = client?;
    let client_id = guid(reader, source.id_variable(), client_id);
    Some(Identity { tenant: tenant?, client_id: client_id?, secret: secret? })
}

/// Reads an app's id.
pub(super) fn guid(reader: &mut Reader<'_>, name: &str, given: String) -> Option<String> {
    // The parser also takes other forms than the one that stands in tokens.
    let good = given.len() == 36 && Uuid::try_parse(&given).is_ok();
    reader.keep(name, if good { Ok(given) } else { Err(ConfigError::ClientId { given }) })
}

fn tenant(reader: &mut Reader<'_>) -> Option<TenantName> {
    let Some((name, given)) = reader.first(&["GRAPH_TENANT_ID", "TEAMS_APP_TENANT_ID", "AZURE_TENANT_ID"]) else {
        reader.mistake("GRAPH_TENANT_ID: not set; write the tenant's id or one of its domains");
        return None;
    };
    reader.keep(name, TenantName::parse(&given))
}

/// From which variable the client id came; it decides whose `AZURE_CLIENT_SECRET` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
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

    const fn secret_variable(self) -> &'static str {
        match self {
            Self::Graph => "GRAPH_CLIENT_SECRET",
            Self::Azure => "AZURE_CLIENT_SECRET",
        }
    }
}

fn client_id(reader: &mut Reader<'_>) -> Option<(Source, String)> {
    if let Some(id) = reader.get("GRAPH_CLIENT_ID") {
        return Some((Source::Graph, id));
    }
    let azure = reader.get("AZURE_CLIENT_ID");
    let graph_variable = GRAPH_CLIENT.iter().find(|name| reader.is_set(name));
    // A federated token file is no sign of an app: Kubernetes injects it, with the id, for managed identities too.
    let own_credential = reader.is_set("AZURE_CLIENT_SECRET") || reader.is_set(AZURE_CERTIFICATE);
    let why = match (azure, graph_variable) {
        (Some(id), None) if own_credential => return Some((Source::Azure, id)),
        (Some(_), None) => {
            "AZURE_CLIENT_ID without AZURE_CLIENT_SECRET is the hosting identity, and an identity's id is never the audience \
             of an API"
                .to_owned()
        }
        (_, Some(name)) => format!("but {name} is; write the client id of this server's app"),
        (None, None) => "write the client id of this server's app".to_owned(),
    };
    reader.mistake(format!("GRAPH_CLIENT_ID: not set; {why}"));
    None
}

fn secret(reader: &mut Reader<'_>, source: Source) -> Option<SecretString> {
    let secret = reader.get(source.secret_variable());
    let ours = |name: &&str| source == Source::Azure || *name != AZURE_CERTIFICATE;
    let later: Vec<_> = LATER.into_iter().filter(ours).filter(|name| reader.is_set(name)).collect();
    for name in later {
        let text = format!("{name}: this version signs in with a client secret only");
        match (&secret, name) {
            (None, _) => reader.mistake(text),
            // The platform injects it; nobody asked for it to be used.
            (Some(_), "AZURE_FEDERATED_TOKEN_FILE") => {}
            (Some(_), _) => reader.warn(format!("{text}; it is not used")),
        }
    }
    if secret.is_none() {
        let hint = if source == Source::Graph && reader.is_set("AZURE_CLIENT_SECRET") {
            "; AZURE_CLIENT_SECRET belongs to the hosting identity and is never sent with GRAPH_CLIENT_ID"
        } else {
            ""
        };
        reader.mistake(format!("{}: not set; write the secret of this server's app{hint}", source.secret_variable()));
    }
    secret.map(SecretString::from)
}
