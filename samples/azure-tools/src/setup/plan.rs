//! The steps, and how a person reads them.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Wanted, registration};
use crate::services::Service;

/// What a person reads whose Azure CLI is signed in to another tenant.
pub(super) const ELSEWHERE: &str = "az is signed in to another tenant";

/// What is done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
    without: Vec<Service>,
    settings: Vec<(&'static str, Text)>,
}

/// One call of the Azure CLI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) why: &'static str,
    /// What its output is, where a later step needs it.
    pub(super) yields: Option<&'static str>,
    /// What that must be.
    pub(super) expected: Option<String>,
    pub(super) words: Vec<Text>,
}

/// Text in which what an earlier step yields may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// Stands for the app's client id.
    pub(super) const APP_ID: &str = "{APP_ID}";
    /// Stands for the tenant's id.
    pub(super) const TENANT_ID: &str = "{TENANT_ID}";

    /// Returns it with what is known put in.
    pub(super) fn filled(&self, known: &[(&'static str, String)]) -> String {
        known.iter().fold(self.0.clone(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// Returns it as a word of a POSIX shell: text in single quotes, names in double ones.
    fn quoted(&self) -> String {
        if !self.0.is_empty() && self.0.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_./:=".contains(&it)) {
            return self.0.clone();
        }
        let mut word = String::new();
        let mut rest = self.0.as_str();
        while !rest.is_empty() {
            let names = [Self::APP_ID, Self::TENANT_ID].into_iter();
            let next = names.filter_map(|name| rest.find(name).map(|at| (at, name))).min();
            let (text, name) = next.map_or((rest, ""), |(at, name)| (&rest[..at], name));
            // Each piece by itself: a quote that is put right afterwards is a quote that somebody's text can forge.
            if !text.is_empty() {
                let _ = write!(word, "'{}'", text.replace('\'', r"'\''"));
            }
            if !name.is_empty() {
                let _ = write!(word, "\"${}\"", name.trim_matches(['{', '}']));
            }
            rest = &rest[text.len() + name.len()..];
        }
        if word.is_empty() { "''".to_owned() } else { word }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Plan {
    /// Plans what makes this registration.
    #[must_use]
    pub fn of(wanted: &Wanted) -> Self {
        let graph = wanted.cloud.graph_host().unwrap_or("https://graph.microsoft.com");
        let applications = format!("{graph}/v1.0/applications");
        let url = format!("{applications}(appId='{}')", Text::APP_ID);
        let change = |why, body: &Value| step(why, request("PATCH", &url, body));
        let mut steps = vec![
            tenant(wanted),
            app(wanted, &applications),
            change(
                "its scope, its role, v2 tokens, and each delegated permission that its services expose",
                &registration::change(wanted),
            ),
        ];
        if let Some(clients) = registration::authorized(wanted) {
            steps.push(change("clients that need not ask each user", &clients));
        }
        if wanted.app_id.is_none() {
            steps
                .push(step("its service principal in the tenant", words(["ad", "sp", "create", "--id", Text::APP_ID])));
        }
        if let Some(identity) = &wanted.managed_identity {
            let trust = registration::federated(wanted, &identity.to_string()).to_string();
            let words =
                words(["ad", "app", "federated-credential", "create", "--id", Text::APP_ID, "--parameters", &trust]);
            steps.push(step("the managed identity in place of a secret", words));
        }
        let consent = words(["ad", "app", "permission", "admin-consent", "--id", Text::APP_ID]);
        steps.push(step("consent for the whole tenant, by an administrator", consent));
        Self { steps, without: registration::without_permission(wanted).collect(), settings: settings(wanted) }
    }

    /// Writes it as a script of a POSIX shell.
    #[must_use]
    pub fn script(&self, tenant: &str) -> String {
        let mut script = format!("#!/bin/sh\nset -eu\n\n# sign in first: az login --tenant {tenant}\n");
        for step in &self.steps {
            let words: Vec<_> = step.words.iter().map(Text::quoted).collect();
            let line = format!("az {}", words.join(" "));
            let line = step.yields.map_or_else(|| line.clone(), |name| format!("{name}=$({line})"));
            // Writing to a string cannot fail.
            let _ = write!(script, "\n# {}\n{line}\n", step.why);
            if let (Some(name), Some(expected)) = (step.yields, &step.expected) {
                let _ = writeln!(script, "[ \"${name}\" = {expected} ] || {{ echo '{ELSEWHERE}' >&2; exit 1; }}");
            }
        }
        script.push_str(&self.remarks());
        script.push_str("\ncat <<END\n");
        for (name, value) in &self.settings {
            let known = [("APP_ID", "$APP_ID".to_owned()), ("TENANT_ID", "$TENANT_ID".to_owned())];
            let _ = writeln!(script, "{name}={}", value.filled(&known));
        }
        script.push_str("END\n");
        script
    }

    /// Says which services are left out, and why.
    pub(super) fn remarks(&self) -> String {
        let mut remarks = String::new();
        for service in &self.without {
            let _ = write!(
                remarks,
                "\n# {service}: no delegated permission exists, so there is none to grant; its tools need the hosting identity \
                 (--hosting-identity-for {})\n",
                service.word()
            );
        }
        remarks
    }

    /// Returns the server's settings for this registration.
    pub(super) fn settings(&self, known: &[(&'static str, String)]) -> String {
        self.settings.iter().map(|(name, value)| format!("{name}={}\n", value.filled(known))).collect()
    }
}

fn step(why: &'static str, words: Vec<Text>) -> Step {
    Step { why, yields: None, expected: None, words }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<Text> {
    words.map(Text::from).to_vec()
}

/// The Azure CLI works in the tenant where it is signed in, whatever else it is told.
fn tenant(wanted: &Wanted) -> Step {
    let words = words(["account", "show", "--query", "tenantId", "--output", "tsv"]);
    let expected = Some(wanted.tenant.to_string());
    Step { yields: Some("TENANT_ID"), expected, ..step("the tenant that az is signed in to", words) }
}

fn app(wanted: &Wanted, applications: &str) -> Step {
    let id = wanted.app_id.map(|id| id.to_string());
    // Not by `az ad app create`, which takes an app that has this name already for the one that is meant, and changes it.
    let mut found = match &id {
        Some(id) => words(["ad", "app", "show", "--id", id]),
        None => request("POST", applications, &registration::new(wanted)),
    };
    found.extend(words(["--query", "appId", "--output", "tsv"]));
    Step { yields: Some("APP_ID"), ..step("the app", found) }
}

/// A request to Microsoft Graph.
fn request(method: &str, url: &str, body: &Value) -> Vec<Text> {
    let body = body.to_string();
    words(["rest", "--method", method, "--url", url, "--headers", "Content-Type=application/json", "--body", &body])
}

fn settings(wanted: &Wanted) -> Vec<(&'static str, Text)> {
    let instance = Text(format!("{}/", wanted.cloud.authority_host()));
    let mut settings = vec![
        ("AzureAd__Instance", instance),
        ("AzureAd__TenantId", Text::from(Text::TENANT_ID)),
        ("AzureAd__ClientId", Text::from(Text::APP_ID)),
    ];
    if wanted.managed_identity.is_some() {
        settings.push(("AzureAd__ClientCredentials__0__SourceType", "SignedAssertionFromManagedIdentity".into()));
        settings.push(("AzureAd__ClientCredentials__0__ManagedIdentityClientId", "(the identity's client id)".into()));
    }
    settings
}
