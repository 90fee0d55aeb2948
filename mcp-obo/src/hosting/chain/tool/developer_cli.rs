//! `AzureDeveloperCliCredential`: whoever ran `azd auth login`.

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
    wanted.after(&["auth", "token", "--output", "json", "--no-prompt"], AZURE_DEVELOPER_CLI.tenant_option)
}
