use std::collections::BTreeMap;

use super::*;

#[test]
fn the_documented_line_starts_with_the_documented_variables() {
    assert!(read(&[], &[]).is_ok());
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

fn read(options: &[&str], more: Pairs<'_>) -> Result<Settings, Mistakes> {
    use clap::Parser as _;

    use crate::arguments::{Arguments, Command, Server};
    let line = ["azure-tools", "server", "start", "--transport", "http", "--mode", "all", "--read-only"];
    let line = line.iter().chain(&["--outgoing-auth-strategy", "UseOnBehalfOf"]).chain(options);
    let Command::Server(Server::Start(start)) = Arguments::try_parse_from(line).unwrap().command;
    let base = [
        ("ASPNETCORE_ENVIRONMENT", "Production"),
        ("AzureAd__Instance", "https://login.microsoftonline.com/"),
        ("AzureAd__TenantId", TENANT),
        ("AzureAd__ClientId", CLIENT),
        ("AzureAd__ClientCredentials__0__SourceType", "SignedAssertionFromManagedIdentity"),
        ("AzureAd__ClientCredentials__0__ManagedIdentityClientId", CLIENT),
    ];
    let vars: BTreeMap<_, _> = base.iter().chain(more).map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Settings::read(&start, &vars)
}
