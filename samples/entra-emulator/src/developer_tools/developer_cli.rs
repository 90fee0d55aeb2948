//! `azd auth token`.

use serde_json::json;

use super::{
    account::{Account, Missing, written},
    arguments::{is_command, option},
    reply::Reply,
};

pub(super) fn run(account: &Account<'_>, arguments: &[String]) -> Reply {
    if !is_command(arguments, &["auth", "token"]) {
        let command = arguments.first().map_or("", String::as_str);
        return Reply::failed(format!("ERROR: unknown command \"{command}\" for \"azd\""));
    }
    if option(arguments, &["--output", "-o"]) != Some("json") {
        return Reply::failed("ERROR: only the output json is served here");
    }
    let scope = option(arguments, &["--scope"]).unwrap_or("https://management.azure.com//.default");
    match account.token(scope, option(arguments, &["--tenant-id"])) {
        Ok(token) => {
            let expires = written(token.expires, "%Y-%m-%dT%H:%M:%SZ");
            Reply::printed(json!({"token": token.text, "expiresOn": expires}).to_string())
        }
        Err(Missing::SignIn) => message(account, "not logged in, run `azd auth login` to login"),
        Err(Missing::Entra(words)) if words.starts_with("AADSTS700082") || words.starts_with("AADSTS50173") => {
            let cure = format!("reauthentication required, run `azd auth login --scope {scope}` to log in");
            message(account, &format!("fetching token: {cure}: {words}"))
        }
        Err(Missing::Entra(words)) => message(account, &format!("fetching token: {words}")),
    }
}

/// With `--output json` the errors are JSON too, of another kind.
fn message(account: &Account<'_>, text: &str) -> Reply {
    let time = written(account.shared.state.clock.now(), "%Y-%m-%dT%H:%M:%SZ");
    let message = json!({
        "type": "consoleMessage", "timestamp": time, "data": {"message": format!("\nERROR: {text}\n")},
    });
    Reply::failed(message.to_string())
}
