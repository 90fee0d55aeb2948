//! The page *Known limits*, made from the catalogue and the tools, so that it cannot say anything else than the server does.

use std::fmt::Write as _;

use mcp_auth_layer::cloud::Cloud;
use mcp_obo::catalogue::{AS_OF, Delegation, KNOWN_SERVICES, KnownService};

use crate::{
    services::Service,
    tools::{Tool, all},
};

/// Writes the page, Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.replace("{AS_OF}", AS_OF);
    let tools = all();
    page.push_str("| service | app id | tools here |\n|---|---|---|\n");
    for known in without() {
        row(&mut page, known, &tools);
    }
    page.push_str(WAYS_OUT);
    page.push_str("| service | app id | resource |\n|---|---|---|\n");
    for known in KNOWN_SERVICES.iter().filter(|known| known.delegation() == Delegation::Exposed) {
        let resource = known.resource().map_or_else(|| "of each instance".to_owned(), |it| format!("`{it}`"));
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {} | `{}` | {resource} |", known.name(), known.app_id());
    }
    page.push_str(CLOUDS);
    for service in Service::ALL {
        let here = |cloud| if service.place(cloud).is_some() { "yes" } else { "not known" };
        let _ = writeln!(page, "| {service} | yes | {} | {} |", here(Cloud::UsGov), here(Cloud::China));
    }
    page.push_str(FOOT);
    page
}

fn without() -> impl Iterator<Item = &'static KnownService> {
    KNOWN_SERVICES.iter().filter(|known| known.delegation() == Delegation::Missing)
}

fn row(page: &mut String, known: &KnownService, tools: &[Tool]) {
    let calls = |tool: &&Tool| tool.spec().needs.iter().any(|need| need.service.name() == known.name());
    let names: Vec<_> = tools.iter().filter(calls).map(|tool| format!("`{}`", tool.spec().name)).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let _ = writeln!(page, "| {} | `{}` | {names} |", known.name(), known.app_id());
}

const HEAD: &str = "\
# Known limits

<!-- Made by `azure-tools known-limits`; a test compares them. -->

## Services that nobody can call on behalf of a user

On-Behalf-Of needs a permission that the downstream service exposes and that a user can delegate, mostly `user_impersonation`,
granted to this server's app registration. These services expose none (as of {AS_OF}, after Microsoft's table of delegated
permissions for the Azure MCP Server). Under `UseOnBehalfOf` their tools are listed with this limitation, and a call is refused
with kind `no_delegated_scope` before anybody is asked: neither consent nor another sign-in would help.

";

const WAYS_OUT: &str = "
There are three ways out.

1. Restart with `--outgoing-auth-strategy UseHostingEnvironmentIdentity`. All callers then share the server's own identity and
   its permissions: the service checks and logs the server, not the person.
2. Lend that identity for single services only: `--hosting-identity-for cosmos`, repeated for each. Everything else stays on
   behalf of the user. Each use is audited with the caller's name.
3. Run the server over stdio on the user's own machine: `azure-tools server start --transport stdio`. It then acts as whoever is
   signed in there (`az login` and its like).

Microsoft adds permissions. Where a service has one by now, `AZURE_MCP_DELEGATED_SERVICES=cosmos` says so, and its tools are
tried on behalf of the user.

## Services that can be called on behalf of a user

";

const CLOUDS: &str = "
## Clouds

Where an address is not known in a cloud, its tools refuse with kind `not_in_this_cloud`, and no token is sent anywhere.

| service | public | US Government | China |
|---|---|---|---|
";

const FOOT: &str = "
## What is different from the Azure MCP Server

- Incoming authentication can be switched off on loopback in development only; `ALLOW_INSECURE_EXTERNAL_BINDING` is not
  honoured.
- `PUBLIC_BASE_URL` is needed where the listener is not loopback: the address in challenges and metadata is never taken from
  the Host header.
- There is no credential broker and no Visual Studio credential: the chain says so and goes on to the next.
- An application's token is refused under `UseOnBehalfOf` when it arrives, and not by Entra in the middle of a call.
- Answers of services are not cached, and tools are listed one by one whatever `--mode` says.
";
