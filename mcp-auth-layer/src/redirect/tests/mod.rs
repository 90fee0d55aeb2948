mod attacks;
mod catalogue;
mod entries;
mod legitimate;
mod passing;

use super::RedirectAllowlist;

/// Loopback, all named clients, and one URI of the operator's own.
fn list() -> RedirectAllowlist {
    RedirectAllowlist::parse_list(
        "default,vscode,claude,cursor,chatgpt,copilot-studio,https://app.example.com/signed-in?tenant=1",
    )
    .expect("names and one exact URI")
}
