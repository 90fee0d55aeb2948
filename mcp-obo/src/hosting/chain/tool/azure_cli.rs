//! `AzureCliCredential`: whoever ran `az login`.

use super::{Tool, Wanted};
use crate::hosting::chain::name::CredentialName;

pub(in super::super) const AZURE_CLI: Tool = Tool {
    name: CredentialName::AzureCli,
    label: "the Azure CLI",
    programs: &["az"],
    install: "install it (https://aka.ms/azure-cli), or put it on the PATH",
    sign_in: "az login",
    tenant_option: "--tenant",
    again: "run `az login` again on this machine: the downstream API refuses the present sign-in",
    arguments,
};

fn arguments(wanted: &Wanted<'_>) -> Vec<String> {
    wanted.after(&["account", "get-access-token", "--output", "json"], AZURE_CLI.tenant_option)
}
