//! `AzureDeveloperCliCredential`: whoever ran `azd auth login`.

use mcp_auth_layer::tenant::TenantName;

use super::{Tool, Wanted};
use crate::hosting::chain::name::CredentialName;

pub(in super::super) const AZURE_DEVELOPER_CLI: Tool = Tool {
    name: CredentialName::AzureDeveloperCli,
    label: "the Azure Developer CLI",
    programs: &["azd"],
    install: "install it (https://aka.ms/azd), or put it on the PATH",
    sign_in: "azd auth login",
    tenant_option: "--tenant-id",
    again: "run `azd auth login` again on this machine: the downstream API refuses the present sign-in",
    arguments,
};

fn arguments(wanted: &Wanted<'_>) -> Vec<String> {
    let mut words =
        ["auth", "token", "--output", "json", "--no-prompt", "--scope", wanted.scope].map(String::from).to_vec();
    words.extend(
        wanted.tenant.map(TenantName::as_str).into_iter().flat_map(|tenant| ["--tenant-id", tenant]).map(String::from),
    );
    words
}
