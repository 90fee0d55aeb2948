//! The command line, as the Azure MCP Server's `azmcp server start` has it.
//!
//! Every option of the original is taken. What it means here, or why it does nothing here, is said by its help.

use clap::{Args, Parser, Subcommand, ValueEnum};

use server_kit::doctor::FormOptions;

use crate::setup;

/// Azure for MCP clients, as the signed-in user or as the place where this server runs.
#[derive(Debug, Parser)]
#[command(name = "azure-tools", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Runs the MCP server.
    #[command(subcommand)]
    Server(Server),
    /// Says why the server does not work here, the first fault first; ends with 1 if there is one.
    ///
    /// It takes the options of `server start`, because they decide what is needed. With a user's token for this server in the
    /// variable MCP_TOKEN it also finds out what that user may do.
    Doctor(Box<Doctor>),
    /// Prints the steps that make this server's app registration, or runs them.
    Setup(Box<setup::Options>),
    /// Prints which services cannot be called on behalf of a user, and the ways out, as Markdown.
    KnownLimits,
}

/// What to do with the server.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Server {
    /// Serves MCP over HTTP, or over standard input and output.
    Start(Box<Start>),
}

/// What is examined, and how it is told.
#[derive(Args, Clone, Debug)]
pub struct Doctor {
    /// The form.
    #[command(flatten)]
    pub form: FormOptions,
    /// The host of a resource that must be reached too, such as contoso.blob.core.windows.net. Can be repeated.
    #[arg(long)]
    pub host: Vec<String>,
    /// The server.
    #[command(flatten)]
    pub start: Start,
}

/// How the server starts.
#[derive(Args, Clone, Debug, Default)]
pub struct Start {
    /// How clients reach it.
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    pub transport: Transport,
    /// As whom Azure is called; NotSet is UseOnBehalfOf over authenticated HTTP, else UseHostingEnvironmentIdentity.
    #[arg(long, value_enum, default_value_t, ignore_case = true, value_name = "STRATEGY")]
    pub outgoing_auth_strategy: Strategy,
    /// Calls this service (arm, storage, keyvault, appconfig, cosmos, healthmodels, communication or confidentialledger) as the
    /// hosting identity although users are acted for elsewhere; audited. Can be repeated.
    #[arg(long, value_name = "SERVICE")]
    pub hosting_identity_for: Vec<String>,
    /// Offers the tools of this namespace only, such as storage. Can be repeated.
    #[arg(long)]
    pub namespace: Vec<String>,
    /// Offers this tool only, such as azmcp_subscription_list. Can be repeated.
    #[arg(long, conflicts_with = "namespace")]
    pub tool: Vec<String>,
    /// Offers no tool that writes, and refuses calls of them.
    #[arg(long)]
    pub read_only: bool,
    /// The cloud: AzureCloud, AzureUSGovernment or AzureChinaCloud.
    #[arg(long)]
    pub cloud: Option<String>,
    /// Logs more.
    #[arg(long)]
    pub debug: bool,
    /// Lets requests without a credential in: in development, on loopback.
    #[arg(long)]
    pub dangerously_disable_http_incoming_auth: bool,
    /// How tools are grouped; here each is listed by itself, as by `all`.
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    pub mode: Mode,
    /// Does nothing here: answers of services are never cached.
    #[arg(long)]
    pub disable_caching: bool,
    /// Does nothing here: results are structured always.
    #[arg(long)]
    pub structured_output_mode: Option<String>,
    /// Does nothing here: there are no tools of other servers.
    #[arg(long)]
    pub disable_proxy_tools: bool,
    /// Does nothing here: no tool asks back.
    #[arg(long)]
    pub dangerously_disable_elicitation: bool,
    /// Does nothing here: retries are bounded always.
    #[arg(long)]
    pub dangerously_disable_retry_limits: bool,
    /// Does nothing here: a token goes to its own service's hosts only.
    #[arg(long, value_name = "NAMESPACE")]
    pub dangerously_disable_ssrf_protections_by_namespace: Vec<String>,
    /// Does nothing here: logs go to standard error, and hold no secrets at any level.
    #[arg(long, value_name = "FOLDER")]
    pub dangerously_write_support_logs_to_dir: Option<String>,
}

/// How clients reach the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Transport {
    /// Standard input and output, of one user on one machine.
    #[default]
    Stdio,
    /// Streamable HTTP.
    Http,
}

/// As whom Azure is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Strategy {
    /// Decided by the transport.
    #[default]
    #[value(name = "NotSet")]
    NotSet,
    /// As the user who calls.
    #[value(name = "UseOnBehalfOf")]
    UseOnBehalfOf,
    /// As the place where this server runs.
    #[value(name = "UseHostingEnvironmentIdentity")]
    UseHostingEnvironmentIdentity,
}

/// How tools are grouped in the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Mode {
    /// One tool for each namespace.
    #[default]
    Namespace,
    /// One tool for each workflow.
    Consolidated,
    /// Each tool.
    All,
    /// One tool for everything.
    Single,
}

impl Start {
    /// Returns the options that do nothing here and were given, with why.
    #[must_use]
    pub fn without_effect(&self) -> Vec<String> {
        let said = [
            (self.mode != Mode::All && self.mode != Mode::default(), "--mode", "each tool is listed by itself"),
            (self.disable_caching, "--disable-caching", "answers of services are never cached"),
            (self.structured_output_mode.is_some(), "--structured-output-mode", "results are structured always"),
            (self.disable_proxy_tools, "--disable-proxy-tools", "there are no tools of other servers"),
            (self.dangerously_disable_elicitation, "--dangerously-disable-elicitation", "no tool asks back"),
            (self.dangerously_disable_retry_limits, "--dangerously-disable-retry-limits", "retries are bounded always"),
            (
                !self.dangerously_disable_ssrf_protections_by_namespace.is_empty(),
                "--dangerously-disable-ssrf-protections-by-namespace",
                "a token goes to its own service's hosts only",
            ),
            (
                self.dangerously_write_support_logs_to_dir.is_some(),
                "--dangerously-write-support-logs-to-dir",
                "logs go to standard error",
            ),
        ];
        said.iter()
            .filter(|(given, ..)| *given)
            .map(|(_, name, why)| format!("{name}: no effect here; {why}"))
            .collect()
    }

    /// Returns the line that starts the same server with another strategy.
    #[must_use]
    pub fn restart_line(&self, strategy: Strategy) -> String {
        let value = |choice: Option<clap::builder::PossibleValue>| {
            choice.map(|it| it.get_name().to_owned()).unwrap_or_default()
        };
        let mut words =
            vec!["azure-tools server start --transport".to_owned(), value(self.transport.to_possible_value())];
        words.extend(["--outgoing-auth-strategy".to_owned(), value(strategy.to_possible_value())]);
        words.extend(self.namespace.iter().map(|name| format!("--namespace {name}")));
        words.extend(self.tool.iter().map(|name| format!("--tool {name}")));
        words.extend(self.cloud.iter().map(|name| format!("--cloud {name}")));
        words.extend(self.read_only.then(|| "--read-only".to_owned()));
        words.join(" ")
    }
}
