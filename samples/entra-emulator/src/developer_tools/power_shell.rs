//! `pwsh` with a script that asks `Get-AzAccessToken`.
//!
//! The script is not run. What is read of it is the resource, the tenant, what it says when the module is missing, and
//! whether it wants the end as a number; the answer is what `ConvertTo-Json` would print.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    ToolBehaviour,
    account::{Account, Missing, written},
    arguments::option,
    reply::Reply,
};

const NOBODY: &str = "Run Connect-AzAccount to login.";

pub(super) fn run(account: &Account<'_>, arguments: &[String]) -> Reply {
    let encoded = option(arguments, &["-EncodedCommand", "-enc", "-e"]).map(decode);
    let script = match encoded {
        Some(None) => return Reply::failed("Cannot process the command because the value is not properly encoded."),
        Some(Some(script)) => script,
        None => match option(arguments, &["-Command", "-c"]) {
            Some(script) => script.to_owned(),
            None => return Reply::failed("only -Command and -EncodedCommand are served here"),
        },
    };
    if !script.contains("Get-AzAccessToken") {
        return Reply::failed("only scripts with Get-AzAccessToken are served here");
    }
    if *account.behaviour == ToolBehaviour::ModuleMissing {
        return Reply::failed(without_module(&script));
    }
    token(account, &script)
}

/// `-EncodedCommand` is base64 of UTF-16, little end first.
fn decode(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text).ok()?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

fn token(account: &Account<'_>, script: &str) -> Reply {
    let resource = match quoted_after(script, "ResourceUrl") {
        Some(resource) => resource,
        None if script.contains("ResourceUrl") => return Reply::failed("the resource is not a string in quotes"),
        None => "https://management.azure.com/",
    };
    let tenant = quoted_after(script, "TenantId");
    match account.token(&format!("{resource}/.default"), tenant) {
        Ok(token) => {
            let form = "%Y-%m-%dT%H:%M:%S.0000000+00:00";
            let numbered = script.contains("ToUnixTimeSeconds");
            let end = if numbered { json!(token.expires) } else { json!(written(token.expires, form)) };
            Reply::printed(json!({"Token": token.text, "ExpiresOn": end, "TenantId": token.tenant}).to_string())
        }
        Err(Missing::SignIn) => Reply::failed(NOBODY),
        Err(Missing::Entra(words)) => {
            let asked = tenant.unwrap_or_else(|| account.tenant().unwrap_or_default());
            Reply::failed(format!(
                "Authentication failed against tenant {asked}. User interaction is required. Please rerun \
                 'Connect-AzAccount' with additional parameter '-TenantId {asked}'. {words}"
            ))
        }
    }
}

/// A careful script looks for the module and says so itself; else it is the shell that does not know the command.
fn without_module(script: &str) -> &str {
    let said = script.split_once("Get-Module").and_then(|(_, rest)| quoted_after(rest, "WriteLine("));
    said.unwrap_or("The term 'Get-AzAccessToken' is not recognized as a name of a cmdlet, function, or script file.")
}

/// The string in quotes that follows a name, with nothing but an assignment between them.
fn quoted_after<'a>(script: &'a str, name: &str) -> Option<&'a str> {
    script.match_indices(name).find_map(|(at, _)| {
        let rest = script[at + name.len()..].trim_start_matches([' ', '=', ':']);
        let quote = rest.chars().next().filter(|c| ['\'', '"'].contains(c))?;
        rest[1..].split_once(quote).map(|(text, _)| text)
    })
}
