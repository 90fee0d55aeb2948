//! How to go on by hand: lines that work when they are pasted.

/// Writes how to call the server at `mcp`, with tokens that the tenant at `tenant` hands out for `user`.
pub(super) fn of(mcp: &str, tenant: &str, user: &str) -> String {
    let token = format!("{tenant}/_emulator/token?user={user}");
    let body =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"getMessages","arguments":{"top":1}}}"#;
    format!(
        r#"
  Call it yourself, in bash:

curl -s {mcp} -H "Authorization: Bearer $(curl -s '{token}')" \
  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -d '{body}'

  in PowerShell:

$token = Invoke-RestMethod '{token}'
Invoke-RestMethod {mcp} -Method Post -ContentType application/json `
  -Headers @{{ Authorization = "Bearer $token"; Accept = 'application/json, text/event-stream' }} `
  -Body '{body}'

  with the MCP Inspector (Node 22 or newer), which signs in by itself:

npx @modelcontextprotocol/inspector --cli {mcp} --transport http \
  --method tools/call --tool-name getMessages --tool-arg top=1 \
  --callback-url http://127.0.0.1:6276/oauth/callback

  or from an MCP client, which needs nothing but the address:

{{
  "mcpServers": {{
    "message-center": {{
      "type": "http",
      "url": "{mcp}"
    }}
  }}
}}

  Who signs in in a browser is {user}. Tokens of others show what goes wrong: norole, noconsent, mfa, blocked, throttled, flaky, cae.

  Ctrl-C ends server and tenant."#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_this_server_and_its_configuration_is_json() {
        let text = of("http://127.0.0.1:8080/mcp", "http://127.0.0.1:9090", "alice");
        assert_eq!(text.matches("http://127.0.0.1:8080/mcp").count(), 4, "{text}");
        assert_eq!(text.matches("http://127.0.0.1:9090/_emulator/token?user=alice").count(), 2, "{text}");
        let json = &text[text.find("{\n").unwrap()..=text.rfind("}\n").unwrap()];
        let configuration: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(configuration["mcpServers"]["message-center"]["url"], "http://127.0.0.1:8080/mcp");
        assert!(text.lines().all(|line| line.chars().count() <= 132), "{text}");
    }
}
