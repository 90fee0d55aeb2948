//! `az account get-access-token` and `az account show`.

use serde_json::{Value, json};

use super::{
    account::{Account, Missing, Token, written},
    arguments::{is_command, option},
    reply::Reply,
};
use crate::azure::SUBSCRIPTION_ID;

const NOBODY: &str = "ERROR: Please run 'az login' to setup account.";

pub(super) fn run(account: &Account<'_>, arguments: &[String]) -> Reply {
    if option(arguments, &["--output", "-o"]).is_some_and(|form| form != "json") {
        return misused("only the output json is served here");
    }
    if is_command(arguments, &["account", "get-access-token"]) {
        return token(account, arguments);
    }
    if is_command(arguments, &["account", "show"]) {
        return match account.tenant() {
            None => Reply::failed(NOBODY),
            Some(tenant) => Reply::printed(pretty(&shown(account, tenant))),
        };
    }
    let command = arguments.first().map_or("", String::as_str);
    misused(&format!("'{command}' is misspelled or not recognized by the system."))
}

fn token(account: &Account<'_>, arguments: &[String]) -> Reply {
    let resource = option(arguments, &["--resource"]).map(|resource| format!("{resource}/.default"));
    let scope = option(arguments, &["--scope"]).map(str::to_owned).or(resource);
    let scope = scope.unwrap_or_else(|| "https://management.core.windows.net//.default".to_owned());
    let tenant = option(arguments, &["--tenant", "-t"]);
    if tenant.is_some() && option(arguments, &["--subscription", "-s"]).is_some() {
        return Reply::failed("ERROR: Please specify only one of subscription and tenant, not both");
    }
    match account.token(&scope, tenant) {
        Ok(token) => Reply::printed(pretty(&answer(&token, tenant.is_none()))),
        Err(Missing::SignIn) => Reply::failed(NOBODY),
        Err(Missing::Entra(words)) => {
            let tenant = tenant.map(|tenant| format!(" --tenant \"{tenant}\"")).unwrap_or_default();
            let cure = format!("az login{tenant} --scope \"{scope}\"");
            Reply::failed(format!("ERROR: {words}\nInteractive authentication is needed. Please run:\n{cure}"))
        }
    }
}

/// `expiresOn` is a local time without its zone; `expires_on` came with version 2.54.
fn answer(token: &Token, with_subscription: bool) -> Value {
    let mut answer = json!({
        "accessToken": token.text, "expiresOn": written(token.expires, "%Y-%m-%d %H:%M:%S.000000"),
        "expires_on": token.expires, "tenant": token.tenant, "tokenType": "Bearer",
    });
    if with_subscription {
        answer["subscription"] = json!(SUBSCRIPTION_ID);
    }
    answer
}

fn shown(account: &Account<'_>, tenant: &str) -> Value {
    json!({
        "environmentName": "AzureCloud", "homeTenantId": tenant, "id": SUBSCRIPTION_ID, "isDefault": true,
        "managedByTenants": [], "name": "Contoso Production", "state": "Enabled", "tenantId": tenant,
        "user": {"name": account.name(), "type": "user"},
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn misused(text: &str) -> Reply {
    Reply::failed(format!("ERROR: {text}")).with_code(2)
}
