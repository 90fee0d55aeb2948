//! The doctor, by the program itself: behind a network that asks for a password and shows certificates of its own.

mod clock;
mod faults;
mod hosting;
mod limits;
mod network;
mod reports;

use std::fs;

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{Ended, Program};

const USER: &str = "svc";
const PASSWORD: &str = "hunter2-of-the-proxy";

/// A tenant behind its network, and a folder for files.
struct Site {
    emulator: Emulator,
    folder: TempDir,
}

/// What the doctor said, and with what the program ended.
struct Said {
    ended: Ended,
    json: Value,
}

impl Site {
    async fn up(config: Config) -> Self {
        let config = config.with_proxy_credentials(USER, PASSWORD);
        let site = Self { emulator: Emulator::start(config).await.unwrap(), folder: tempfile::tempdir().unwrap() };
        site.write("ca.pem", site.emulator.ca_pem());
        site
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn proxy(&self, userinfo: &str) -> String {
        self.emulator.gateway_url().replacen("://", &format!("://{userinfo}"), 1)
    }

    /// The environment of a machine behind the network, where all is well; a blank value unsets.
    fn variables(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let base = [
            ("GRAPH_TENANT_ID", TENANT_ID.to_owned()),
            ("GRAPH_CLIENT_ID", API_CLIENT_ID.to_owned()),
            ("GRAPH_CLIENT_SECRET", API_CLIENT_SECRET.to_owned()),
            ("HTTPS_PROXY", self.proxy(&format!("{USER}:{PASSWORD}@"))),
            ("SSL_CERT_FILE", self.folder.path().join("ca.pem").to_str().unwrap().to_owned()),
        ];
        let base = base.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let changes = changes.iter().filter(|(_, value)| !value.is_empty());
        let changes = changes.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        base.map(|(name, value)| (name.to_owned(), value)).chain(changes).collect()
    }

    async fn start(&self, arguments: &[&str], changes: &[(&str, &str)]) -> Program {
        let variables = self.variables(changes);
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Program::start(arguments, &variables, None).await
    }

    /// Asks the doctor.
    async fn examine(&self, changes: &[(&str, &str)]) -> Said {
        let ended = self.start(&["doctor", "--json"], changes).await.end().await;
        let json = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
        Said { ended, json }
    }
}

impl Said {
    /// Returns the check of this name.
    fn check(&self, name: &str) -> &Value {
        let checks = self.json["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| {
            let about = check["about"].as_str().map_or_else(String::new, |about| format!(" {about}"));
            format!("{}{about}", check["id"].as_str().unwrap()) == name
        });
        found.unwrap_or_else(|| panic!("{name}: {:#}", self.json))
    }

    /// Returns the check that failed first.
    fn first_fault(&self) -> &Value {
        self.check(self.json["firstFault"].as_str().unwrap_or_else(|| panic!("no fault: {:#}", self.json)))
    }
}
