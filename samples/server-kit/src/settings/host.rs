//! What this machine can sign in as, by the variables of the Azure SDKs and of the Azure MCP Server.

use std::{io, num::NonZeroU64, time::Duration};

use mcp_auth_layer::{EntraApp, tenant::TenantName};
use mcp_obo::{
    BoxFuture,
    hosting::chain::{BrowserOptions, CertificateChain, CredentialChain, Frontend, HostValues, Opener, Selection},
};

use super::{Reader, app::guid, certificate};

/// Names the credentials that are asked, and no others.
pub const CHOICE: &str = "AZURE_TOKEN_CREDENTIALS";
/// Asks for the broker of the desktop alone.
const BROKER: &str = "AZURE_MCP_ONLY_USE_BROKER_CREDENTIAL";
const PATIENCE: &str = "AZURE_MCP_BROWSER_AUTH_TIMEOUT_SECONDS";

/// Makes the chain of this host's credentials; none after a mistake.
///
/// `app` lends its cloud and its network, and `tenant` is where people and services sign in, where one is named. What an
/// operator should know of the choice becomes a warning.
pub fn chain(
    reader: &mut Reader<'_>,
    frontend: Frontend,
    app: &EntraApp,
    tenant: Option<&str>,
) -> Option<CredentialChain> {
    let selection = selection(reader, frontend);
    let values = values(reader, tenant);
    let chain = CredentialChain::new(app, selection?, values?);
    chain.notices().iter().for_each(|notice| reader.warn(*notice));
    Some(chain)
}

/// Makes the chain of what a deployed service has, whatever is chosen for its calls: no person signs in for the server itself.
pub fn deployed(reader: &mut Reader<'_>, app: &EntraApp, tenant: &str) -> Option<CredentialChain> {
    Some(CredentialChain::new(app, Selection::Production, values(reader, Some(tenant))?))
}

fn selection(reader: &mut Reader<'_>, frontend: Frontend) -> Option<Selection> {
    let selection = Selection::read(reader.get(CHOICE).as_deref());
    let selection = reader.keep(CHOICE, selection)?;
    if wants_broker(reader)? { reader.keep(BROKER, selection.broker_only(frontend)) } else { Some(selection) }
}

fn wants_broker(reader: &mut Reader<'_>) -> Option<bool> {
    // In the spellings of the original.
    match reader.get(BROKER).map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false" | "f" | "0") => Some(false),
        Some("true" | "t" | "1") => Some(true),
        Some(other) => {
            reader.mistake(format!("{BROKER}: {other:?} is not known; write true or false"));
            None
        }
    }
}

fn values(reader: &mut Reader<'_>, tenant: Option<&str>) -> Option<HostValues> {
    let patience = reader.number(PATIENCE, NonZeroU64::new(300)?).get();
    let (id, own) = (id(reader, "AZURE_CLIENT_ID")?, id(reader, "AZURE_MCP_CLIENT_ID")?);
    let tenant = match tenant {
        Some(tenant) => reader.keep("AZURE_TENANT_ID", TenantName::parse(tenant))?.as_str().to_owned(),
        None => String::new(),
    };
    let browser = BrowserOptions::default().with_client_id(&own).with_timeout(Duration::from_secs(patience));
    let browser = if reader.may_open_windows() { browser } else { browser.with_opener(Closed) };
    let chain = if certificate::sends_chain(reader) { CertificateChain::IsSent } else { CertificateChain::StaysHere };
    let (path, password) = ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PASSWORD");
    let values = HostValues::new()
        .with_tenant(tenant)
        .with_client_id(id)
        .with_client_secret(text(reader, "AZURE_CLIENT_SECRET"))
        .with_certificate(text(reader, path), text(reader, password), chain)
        .with_federated_token_file(text(reader, "AZURE_FEDERATED_TOKEN_FILE"))
        .with_environment(reader.environment())
        .with_browser(browser);
    Some(values)
}

/// Why no window was opened.
pub(crate) const ONLY_LOOKS: &str =
    "this only looks, and asks nobody to sign in; the server itself would open a window";

/// Opens nothing: nobody asked for a window.
#[derive(Debug)]
struct Closed;

impl Opener for Closed {
    fn check(&self) -> io::Result<()> {
        Err(io::Error::other(ONLY_LOOKS))
    }

    fn open<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async { self.check() })
    }
}

/// Reads the id of an app or identity; empty where there is none.
fn id(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    reader.get(name).map_or_else(|| Some(String::new()), |given| guid(reader, name, given))
}

fn text(reader: &Reader<'_>, name: &str) -> String {
    reader.get(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mcp_auth_layer::fetch::{FetchLimits, HttpClient};
    use mcp_obo::{HostingIdentity, Target, TokenSource as _, hosting::chain::CredentialName};

    use super::*;
    use crate::settings::Unattended;

    const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
    const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

    /// Returns the chain that these variables make, or the mistakes; and the warnings.
    fn made(frontend: Frontend, pairs: &[(&str, &str)]) -> (Result<CredentialChain, String>, Vec<String>) {
        let vars: BTreeMap<String, String> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let mut reader = Reader::new(&vars);
        let http = HttpClient::reqwest(FetchLimits::default()).unwrap();
        let app = EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap();
        let chain = chain(&mut reader, frontend, &app, Some(TENANT));
        let made = if reader.mistakes.is_empty() { Ok(chain.unwrap()) } else { Err(reader.mistakes.join("; ")) };
        (made, reader.warnings)
    }

    #[test]
    fn the_variables_choose_who_is_asked() {
        for (name, pairs, expected) in [
            ("nothing", &[][..], Selection::Everyday),
            ("prod", &[(CHOICE, "Prod")], Selection::Production),
            ("a name", &[(CHOICE, "azureclicredential")], Selection::Only(CredentialName::AzureCli)),
            ("the broker", &[(BROKER, "True")], Selection::Broker),
            ("no broker", &[(BROKER, "false"), (CHOICE, "dev")], Selection::Development),
        ] {
            let (chain, warnings) = made(Frontend::Stdio, pairs);
            assert_eq!(chain.unwrap().selection(), expected, "{name}");
            assert_eq!(warnings.iter().any(|text| text.contains("no broker here")), name == "the broker", "{name}");
        }
        let (_, warnings) = made(Frontend::Http, &[("CONTAINER_APP_NAME", "tools")]);
        assert!(warnings[0].contains("set it to prod"), "{warnings:?}");
    }

    #[tokio::test]
    async fn who_only_looks_opens_no_window() {
        let vars = BTreeMap::from([(BROKER.to_owned(), "true".to_owned()), ("DISPLAY".to_owned(), ":0".to_owned())]);
        let vars = Unattended(&vars);
        let http = HttpClient::reqwest(FetchLimits::default()).unwrap();
        let app = EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap();
        let chain = chain(&mut Reader::new(&vars), Frontend::Stdio, &app, Some(TENANT)).unwrap();
        let identity = HostingIdentity::chain(&app, chain.clone()).add_target(&Target::graph());
        assert!(identity.token(&Target::graph()).await.is_err());
        let table = chain.attempts().to_string();
        assert!(table.contains("asks nobody to sign in"), "{table}");
    }

    #[test]
    fn what_cannot_be_chosen_is_a_mistake_that_names_its_variable() {
        for (name, frontend, pairs, words) in [
            ("a word", Frontend::Http, &[(CHOICE, "managed")][..], "AZURE_TOKEN_CREDENTIALS: \"managed\" is not known"),
            ("what is not here", Frontend::Http, &[(CHOICE, "BrokerCredential")], "does not exist here"),
            ("a broker over HTTP", Frontend::Http, &[(BROKER, "true")], BROKER),
            ("a broker in production", Frontend::Stdio, &[(BROKER, "1"), (CHOICE, "prod")], "leaves none to sign in"),
            ("a broker, perhaps", Frontend::Stdio, &[(BROKER, "perhaps")], BROKER),
            ("no id", Frontend::Http, &[("AZURE_CLIENT_ID", "me")], "AZURE_CLIENT_ID: "),
            ("no app for the browser", Frontend::Stdio, &[("AZURE_MCP_CLIENT_ID", "me")], "AZURE_MCP_CLIENT_ID: "),
            ("no time at all", Frontend::Stdio, &[(PATIENCE, "0")], PATIENCE),
        ] {
            let mistakes = made(frontend, pairs).0.unwrap_err();
            assert!(mistakes.contains(words), "{name}: {mistakes}");
        }
    }
}
