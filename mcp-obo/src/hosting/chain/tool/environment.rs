//! What of this process's environment a developer tool gets.
//!
//! All but this service's own secrets. The tools need a great deal of it (`HOME`, `AZURE_CONFIG_DIR`, proxies, authorities,
//! `PSModulePath`, and on a build agent what signs it in), which no list of ours would ever be complete for; and none of them
//! signs in with what this service does. So it is the secrets that are listed, by what their names say.

use std::ffi::{OsStr, OsString};

/// Whose names begin like this are settings of this service.
const OURS: [&str; 4] = ["MCP_", "GRAPH_", "AZUREAD__", "AZURE_CLIENT_"];
/// And these say that they are secret, whoever they belong to.
const SECRET: [&str; 6] = ["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CONNECTION_STRING", "CONNECTIONSTRING"];
const SECRET_ENDS: [&str; 3] = ["_KEY", "_KEYS", "_PAT"];
/// An address with a password in it.
const EXACT: [&str; 2] = ["REDIS_URL", "DATABASE_URL"];

pub(super) fn without_secrets(environment: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
    environment.iter().filter(|(name, _)| !is_secret(name)).cloned().collect()
}

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    OURS.iter().any(|start| name.starts_with(start))
        || SECRET.iter().any(|word| name.contains(word))
        || SECRET_ENDS.iter().any(|end| name.ends_with(end))
        || EXACT.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_gets_what_it_needs_and_no_secret_of_this_service() {
        for (name, stays) in [
            ("PATH", true),
            ("HOME", true),
            ("AZURE_CONFIG_DIR", true),
            ("AZURE_TENANT_ID", true),
            ("HTTPS_PROXY", true),
            ("REQUESTS_CA_BUNDLE", true),
            ("PSModulePath", true),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", true),
            ("AZURE_CLIENT_SECRET", false),
            ("AZURE_CLIENT_CERTIFICATE_PASSWORD", false),
            ("azure_client_secret", false),
            ("GRAPH_CLIENT_SECRET", false),
            ("GRAPH_ACCESS_TOKEN", false),
            ("MCP_SEALING_KEYS", false),
            ("AzureAd__ClientCredentials__0__ClientSecret", false),
            ("REDIS_URL", false),
            ("PGPASSWORD", false),
            ("APPLICATIONINSIGHTS_CONNECTION_STRING", false),
            ("OPENAI_API_KEY", false),
            ("MCP_TOKEN", false),
            ("AzureAd__ClientCredentials__0__Base64EncodedValue", false),
            ("AZURE_CLIENT_CERTIFICATE_PATH", false),
            ("WEBHOOK_SECRET", false),
            ("SMTP_PASSWD", false),
            ("SIGNING_PASSPHRASE", false),
            ("ServiceBusConnectionString", false),
            ("COOKIE_KEYS", false),
            ("AZURE_DEVOPS_EXT_PAT", false),
            ("DATABASE_URL", false),
        ] {
            assert_eq!(!is_secret(OsStr::new(name)), stays, "{name}");
        }
    }
}
