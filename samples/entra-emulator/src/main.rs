//! Runs the emulator until Ctrl-C.

use std::{io, path::PathBuf};

use clap::Parser;
use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Config, DeveloperTool, Emulator, Platform, Redirect, TENANT_ID,
    ToolBehaviour, USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID, USERS, WEB_CLIENT_ID, WEB_CLIENT_SECRET,
};

/// A local Entra tenant and Microsoft Graph, on loopback.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port for http; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    http: u16,
    /// Port for https; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    https: u16,
    /// Port for the network's proxy, behind which Azure's own names answer; 0 is any free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    gateway: u16,
    /// Let the proxy ask for this name and password.
    #[arg(long, value_name = "NAME:PASSWORD")]
    proxy_user: Option<String>,
    /// A folder to put stand-ins for az, pwsh and azd into, which are signed in as alice.
    #[arg(long, value_name = "FOLDER")]
    developer_tools: Option<PathBuf>,
    /// Where to write the certificate of the emulator's own authority.
    #[arg(long)]
    ca_out: Option<PathBuf>,
    /// Issue v1 tokens, as a registration does whose requestedAccessTokenVersion was never set.
    #[arg(long)]
    v1_tokens: bool,
    /// Let the API ask for the optional claims idtyp and xms_cc.
    #[arg(long)]
    optional_claims: bool,
    /// One more redirect URI of the API app, as a web app has it.
    #[arg(long, value_name = "URI")]
    redirect: Vec<String>,
    /// A certificate (PEM) that may sign client assertions of the API app.
    #[arg(long)]
    certificate: Vec<PathBuf>,
    /// A service account of the cluster that is trusted in place of the API app's secret.
    #[arg(long, value_name = "SUBJECT")]
    trust_workload: Vec<String>,
    /// Trust the user-assigned managed identity in place of the API app's secret.
    #[arg(long)]
    trust_managed_identity: bool,
    /// An app role at Graph for the API app by itself, such as ServiceMessage.Read.All.
    #[arg(long, value_name = "ROLE")]
    graph_role: Vec<String>,
}

impl Arguments {
    fn config(&self) -> io::Result<Config> {
        let mut config = Config::default().with_ports(self.http, self.https).with_gateway_port(self.gateway);
        if let Some(pair) = &self.proxy_user {
            let (user, password) = pair.split_once(':').unwrap_or((pair, ""));
            config = config.with_proxy_credentials(user, password);
        }
        if self.v1_tokens {
            config = config.with_default_token_version();
        }
        if self.optional_claims {
            config = config.with_optional_claims();
        }
        if self.trust_managed_identity {
            config = config.with_federated_managed_identity(USER_ASSIGNED_OBJECT_ID);
        }
        for subject in &self.trust_workload {
            config = config.with_federated_workload(subject);
        }
        for uri in &self.redirect {
            config = config.with_api_redirect(Redirect::new(Platform::Web, uri));
        }
        for role in &self.graph_role {
            config = config.with_graph_role(API_CLIENT_ID, role);
        }
        for path in &self.certificate {
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
            config = config.with_certificate(&std::fs::read_to_string(path).map_err(named)?);
        }
        Ok(config)
    }
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "telling where it listens is what this program prints")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let emulator = Emulator::start(arguments.config()?).await?;
    if let Some(path) = &arguments.ca_out {
        std::fs::write(path, emulator.ca_pem())?;
    }
    if let Some(folder) = &arguments.developer_tools {
        let signed_in = DeveloperTool::ALL.map(|tool| (tool, ToolBehaviour::SignedIn));
        emulator.write_developer_tools(folder, &signed_in)?;
    }
    println!("http           {}", emulator.http_url());
    println!("https          {}", emulator.https_url());
    println!("gateway        {}", emulator.gateway_url());
    println!("tenant         {TENANT_ID}");
    println!("api app        {API_CLIENT_ID}  secret {API_CLIENT_SECRET}");
    println!("client app     {CLIENT_ID}  (public, PKCE)");
    println!("web app        {WEB_CLIENT_ID}  secret {WEB_CLIENT_SECRET}");
    for app in emulator.apps() {
        for redirect in app.redirects() {
            println!("redirect       {}  {redirect}", app.client_id());
        }
    }
    println!("identity       {}  header {}", emulator.identity_endpoint(), emulator.identity_header());
    println!("user-assigned  {USER_ASSIGNED_CLIENT_ID}  object {USER_ASSIGNED_OBJECT_ID}");
    println!("cluster        {}", emulator.cluster_issuer());
    println!("key vault      {}", emulator.https_url());
    println!("users          {}", USERS.iter().map(|user| user.name).collect::<Vec<_>>().join(" "));
    println!("ready");
    tokio::signal::ctrl_c().await
}
