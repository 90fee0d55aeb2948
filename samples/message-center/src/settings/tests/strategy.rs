//! As whom Graph is called.

use mcp_obo::outgoing::ActingAs;

use super::*;

const HOSTING: (&str, &str) = ("OUTGOING_AUTH_STRATEGY", "UseHostingEnvironmentIdentity");
const ROLES: (&str, &str) = ("MCP_REQUIRED_ROLES", "MessageCenter.Read");

/// The app without any credential, under the hosting identity.
fn hosted(more: Pairs<'_>) -> Result<Settings, Mistakes> {
    let base = [("GRAPH_TENANT_ID", TENANT), ("GRAPH_CLIENT_ID", CLIENT), HOSTING, ROLES];
    let all: Vec<_> = base.iter().chain(more).copied().collect();
    read(&all)
}

fn warned(settings: &Settings, words: &str) -> bool {
    settings.warnings.iter().any(|warning| warning.contains(words))
}

#[test]
fn a_user_is_acted_for_unless_the_operator_says_otherwise() {
    for strategy in [&[][..], &[("OUTGOING_AUTH_STRATEGY", " ")], &[("OUTGOING_AUTH_STRATEGY", "UseOnBehalfOf")]] {
        assert_eq!(with(strategy).unwrap().outgoing.acting_as(), ActingAs::User);
    }
    refused(&[
        ("another word", &[("OUTGOING_AUTH_STRATEGY", "OBO")], "OUTGOING_AUTH_STRATEGY"),
        ("another case", &[("OUTGOING_AUTH_STRATEGY", "useonbehalfof")], "OUTGOING_AUTH_STRATEGY"),
    ]);
}

#[test]
fn in_production_the_hosting_identity_needs_a_role_of_the_callers() {
    let without = [("GRAPH_TENANT_ID", TENANT), ("GRAPH_CLIENT_ID", CLIENT), HOSTING];
    let mistakes = read(&without).unwrap_err();
    assert!(mistakes.0.iter().any(|mistake| mistake.starts_with("MCP_REQUIRED_ROLES")), "{mistakes}");
    let blank = [&without[..], &[("MCP_REQUIRED_ROLES", " ")]].concat();
    assert!(read(&blank).is_err());
    assert!(read(&[&without[..], &[("MCP_ENV", "development")]].concat()).is_ok());
    assert!(hosted(&[]).is_ok());
}

#[test]
fn the_hosting_identity_is_what_azures_variables_say() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "e30.e30.x").unwrap();
    let file = file.to_str().unwrap();
    for (name, more, expected) in [
        ("nothing", &[][..], "system-assigned managed identity".to_owned()),
        ("an id", &[("AZURE_CLIENT_ID", OTHER)], format!("managed identity {OTHER}")),
        (
            "a service principal",
            &[("AZURE_CLIENT_ID", OTHER), ("AZURE_CLIENT_SECRET", SECRET)],
            format!("service principal {OTHER}"),
        ),
        (
            "a workload, as Kubernetes injects it",
            &[("AZURE_CLIENT_ID", OTHER), ("AZURE_TENANT_ID", TENANT), ("AZURE_FEDERATED_TOKEN_FILE", file)],
            format!("service principal {OTHER}"),
        ),
    ] {
        let settings = hosted(more).unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"));
        assert_eq!(settings.outgoing.acting_as(), ActingAs::HostingIdentity, "{name}");
        assert!(warned(&settings, &format!("every caller reads as {expected};")), "{name}: {:?}", settings.warnings);
        // Its id is nobody's audience, and this server's app needs no credential.
        assert_eq!(settings.app.audiences().collect::<Vec<_>>(), [CLIENT, &format!("api://{CLIENT}")], "{name}");
        assert!(settings.credentials.is_none(), "{name}");
    }
}

#[test]
fn a_half_configured_identity_is_no_other_identity() {
    for (name, more, named) in [
        ("a secret of nobody", &[("AZURE_CLIENT_SECRET", SECRET)][..], "AZURE_CLIENT_ID"),
        ("an id that is none", &[("AZURE_CLIENT_ID", "me")], "AZURE_CLIENT_ID"),
        (
            "a token file that is not there",
            &[("AZURE_CLIENT_ID", OTHER), ("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token")],
            "AZURE_FEDERATED_TOKEN_FILE",
        ),
        (
            "a certificate that is not there",
            &[("AZURE_CLIENT_ID", OTHER), ("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere/app.pem")],
            "AZURE_CLIENT_CERTIFICATE_PATH",
        ),
        (
            "a tenant that is none",
            &[("AZURE_CLIENT_ID", OTHER), ("AZURE_CLIENT_SECRET", SECRET), ("AZURE_TENANT_ID", "common")],
            "AZURE_TENANT_ID",
        ),
        ("Azure's id instead of the app's", &[("GRAPH_CLIENT_ID", ""), ("AZURE_CLIENT_ID", CLIENT)], "GRAPH_CLIENT_ID"),
        (
            "Azure's service principal instead of the app",
            &[("GRAPH_CLIENT_ID", ""), ("AZURE_CLIENT_ID", CLIENT), ("AZURE_CLIENT_SECRET", SECRET)],
            "GRAPH_CLIENT_ID",
        ),
    ] {
        let mistakes = hosted(more).err().unwrap_or_else(|| panic!("{name}: accepted"));
        assert!(mistakes.0.iter().any(|mistake| mistake.starts_with(named)), "{name}: {mistakes}");
    }
}

#[test]
fn without_the_strategy_azures_variables_act_for_nobody() {
    let settings = with(&[("AZURE_CLIENT_ID", OTHER), ("AZURE_CLIENT_SECRET", "of-a-reader")]).unwrap();
    assert_eq!(settings.outgoing.acting_as(), ActingAs::User);
    assert!(!format!("{settings:?}").contains("of-a-reader"));
    assert!(!warned(&settings, "every caller reads as"));
}

#[test]
fn azures_own_variable_chooses_among_the_hosts_credentials() {
    const CHOICE: &str = "AZURE_TOKEN_CREDENTIALS";
    for (name, more, expected) in [
        ("production's", &[(CHOICE, "PROD")][..], "credential chain (AZURE_TOKEN_CREDENTIALS=prod)"),
        ("one", &[(CHOICE, "ManagedIdentityCredential")], "credential chain (ManagedIdentityCredential)"),
        (
            "developers'",
            &[(CHOICE, "dev"), ("MCP_ENV", "development")],
            "credential chain (AZURE_TOKEN_CREDENTIALS=dev)",
        ),
        ("a blank, which is none", &[(CHOICE, " ")], "system-assigned managed identity"),
    ] {
        let settings = hosted(more).unwrap_or_else(|mistakes| panic!("{name}: {mistakes}"));
        assert!(warned(&settings, &format!("every caller reads as {expected};")), "{name}: {:?}", settings.warnings);
    }
    let secret = [(CHOICE, "prod"), ("AZURE_CLIENT_ID", OTHER), ("AZURE_CLIENT_SECRET", SECRET)];
    let settings = hosted(&secret).unwrap();
    assert!(warned(&settings, "a client secret is in use") && !format!("{settings:?}").contains(SECRET));
    let mistakes = hosted(&[(CHOICE, "azure")]).unwrap_err();
    assert!(mistakes.0[0].starts_with("AZURE_TOKEN_CREDENTIALS: ") && mistakes.0[0].contains("AzureCliCredential"));
    // Without the strategy it acts for nobody, and is nobody's mistake.
    assert!(with(&[(CHOICE, "azure")]).is_ok());
}
