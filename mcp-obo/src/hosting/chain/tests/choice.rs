//! Every value of `AZURE_TOKEN_CREDENTIALS`.

use super::{
    super::{CredentialName, Frontend, Selection, SelectionError},
    *,
};

fn order(value: Option<&str>) -> Vec<&'static str> {
    let selection = Selection::read(value).unwrap();
    selection.credentials().iter().map(|name| name.as_str().trim_end_matches("Credential")).collect()
}

#[test]
fn every_value_has_its_order() {
    const EVERYDAY: &[&str] =
        &["Environment", "VisualStudio", "AzureCli", "AzurePowerShell", "AzureDeveloperCli", "InteractiveBrowser"];
    let rows: [(Option<&str>, &[&str]); 14] = [
        (None, EVERYDAY),
        (Some(""), EVERYDAY),
        (Some("  "), EVERYDAY),
        (Some("prod"), &["Environment", "WorkloadIdentity", "ManagedIdentity"]),
        (Some("PROD"), &["Environment", "WorkloadIdentity", "ManagedIdentity"]),
        (Some(" Dev "), &["VisualStudio", "AzureCli", "AzurePowerShell", "AzureDeveloperCli", "InteractiveBrowser"]),
        (Some("EnvironmentCredential"), &["Environment"]),
        (Some("workloadidentitycredential"), &["WorkloadIdentity"]),
        (Some("ManagedIdentityCredential"), &["ManagedIdentity"]),
        (Some("VisualStudioCredential"), &["VisualStudio"]),
        (Some("AZURECLICREDENTIAL"), &["AzureCli"]),
        (Some("AzurePowerShellCredential"), &["AzurePowerShell"]),
        (Some("AzureDeveloperCliCredential"), &["AzureDeveloperCli"]),
        (Some("InteractiveBrowserCredential"), &["InteractiveBrowser"]),
    ];
    for (value, expected) in rows {
        assert_eq!(order(value), expected, "{value:?}");
    }
}

#[test]
fn what_is_not_known_is_refused_with_what_is() {
    for value in ["production", "AzureCli", "default", "EnvironmentCredential,AzureCliCredential"] {
        let error = Selection::read(Some(value)).unwrap_err();
        assert!(matches!(error, SelectionError::Unknown { .. }), "{value}");
        let text = error.to_string();
        assert!(CredentialName::ALL.iter().all(|name| text.contains(name.as_str())), "{text}");
        assert!(text.contains("dev") && text.contains("prod") && text.contains(value), "{text}");
    }
    for value in ["VisualStudioCodeCredential", "brokercredential"] {
        let error = Selection::read(Some(value)).unwrap_err();
        assert!(matches!(error, SelectionError::NotHere { .. }), "{value}");
        assert!(error.to_string().contains("does not exist here: "), "{error}");
    }
}

#[test]
fn a_broker_is_a_browser_for_the_person_at_the_machine_and_nobody_else() {
    let cli = Selection::Only(CredentialName::AzureCli);
    let browser = Selection::Only(CredentialName::InteractiveBrowser);
    for selection in [Selection::Everyday, Selection::Development, browser] {
        let chosen = selection.broker_only(Frontend::Stdio).unwrap();
        assert_eq!(chosen.credentials(), [CredentialName::InteractiveBrowser], "{selection:?}");
        assert!(chosen.notices(&HostValues::new())[0].contains("no broker here"), "{selection:?}");
        assert_eq!(selection.notices(&HostValues::new()), Vec::<&str>::new());
        assert_eq!(selection.broker_only(Frontend::Http), Err(SelectionError::OverHttp), "{selection:?}");
    }
    for selection in [Selection::Production, cli] {
        let error = selection.broker_only(Frontend::Stdio).unwrap_err();
        assert_eq!(error, SelectionError::NoPerson { chosen: selection });
        assert!(error.to_string().contains(selection.as_str()), "{error}");
    }
}

#[tokio::test]
async fn a_chain_asks_whom_was_chosen_in_that_order_and_says_why_not_the_others() {
    let tenant = Tenant::granting();
    for value in [None, Some("dev"), Some("AzureCliCredential")] {
        let selection = Selection::read(value).unwrap();
        // No environment is given, so that no program and no screen is found.
        let chain = CredentialChain::new(&tenant.app, selection, HostValues::new());
        assert!(ask(&chain).await.is_err());
        let attempts = chain.attempts();
        let asked: Vec<_> = attempts.iter().map(Attempt::credential).take(selection.credentials().len()).collect();
        assert_eq!(asked, selection.credentials(), "{value:?}");
        for attempt in attempts.iter() {
            let chosen = selection.credentials().contains(&attempt.credential());
            let expected = if chosen { Outcome::Unavailable } else { Outcome::Skipped };
            assert_eq!(attempt.outcome(), expected, "{value:?} {attempt:?}");
            assert!(!chosen || attempt.cure().is_some() || attempt.reason().contains("AZURE_"), "{attempt:?}");
        }
        assert_eq!(attempts.iter().count(), CredentialName::ALL.len(), "{value:?}");
    }
    let chain = CredentialChain::new(&tenant.app, Selection::Everyday, HostValues::new());
    assert!(ask(&chain).await.is_err());
    let attempts = chain.attempts();
    assert!(attempts.of(CredentialName::ManagedIdentity).unwrap().reason().contains("AZURE_TOKEN_CREDENTIALS"));
    assert!(attempts.of(CredentialName::VisualStudio).unwrap().reason().contains(".NET on Windows"));
    assert_eq!(tenant.exchanges(), 0);
}

#[test]
fn on_a_host_of_azures_somebody_should_have_chosen() {
    let tenant = Tenant::granting();
    let variable = |name: &str| HostValues::new().with_environment([(name.into(), "x".into())]);
    for (name, values, expected) in [
        ("a developer's machine", variable("HOME"), false),
        ("App Service", variable("IDENTITY_ENDPOINT"), true),
        ("a blank variable", HostValues::new().with_environment([("IDENTITY_ENDPOINT".into(), " ".into())]), false),
        ("Functions of old", variable("MSI_ENDPOINT"), true),
        ("a web app without an identity", variable("WEBSITE_SITE_NAME"), true),
        ("Container Apps", variable("CONTAINER_APP_NAME"), true),
        ("Kubernetes", HostValues::new().with_federated_token_file("/var/run/token"), true),
    ] {
        let notices = |selection| CredentialChain::new(&tenant.app, selection, values.clone()).notices().to_vec();
        let warned = notices(Selection::Everyday).iter().any(|text| text.contains("set it to prod"));
        assert_eq!(warned, expected, "{name}");
        assert!(notices(Selection::Production).is_empty(), "{name}");
    }
}
