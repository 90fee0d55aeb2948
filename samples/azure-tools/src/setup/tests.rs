use std::{fs, path::Path};

use serde_json::Value;

use super::*;

const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
const APP: &str = "11111111-2222-3333-4444-555555555555";
const IDENTITY: &str = "99999999-2222-3333-4444-555555555555";

fn options() -> Options {
    let managed_identity = Some(IDENTITY.to_owned());
    let authorize_client = vec!["aebc6443-996d-45c2-90f0-388ff96faa56".to_owned()];
    let text = |text: &str| text.to_owned();
    Options {
        name: text("Azure tools"),
        tenant: text(TENANT),
        cloud: text("AzureCloud"),
        managed_identity,
        authorize_client,
        ..Options::default()
    }
}

fn plan(options: &Options) -> Plan {
    Plan::of(&options.read().unwrap())
}

/// The registration's change, as the step for it has it.
fn change(plan: &Plan) -> Value {
    let step = plan.steps.iter().find(|step| step.words.iter().any(|word| word.0 == "PATCH")).unwrap();
    serde_json::from_str(&step.words.last().unwrap().0).unwrap()
}

#[test]
fn each_service_that_exposes_a_permission_is_asked_for_by_id_and_the_others_are_said() {
    let plan = plan(&options());
    let change = change(&plan);
    let wanted = options().read().unwrap().services;
    assert!(wanted.contains(&Service::Arm));
    for service in wanted {
        let app_id = service.known().unwrap().app_id();
        let asked =
            change["requiredResourceAccess"].as_array().unwrap().iter().find(|it| it["resourceAppId"] == app_id);
        match service.delegated_permissions() {
            [] => {
                assert_eq!(asked, None, "{service}");
                assert!(plan.remarks().contains(&format!("{service}: no delegated permission exists")), "{service}");
            }
            permissions => {
                let ids: Vec<_> =
                    asked.unwrap()["resourceAccess"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
                assert_eq!(ids, permissions.iter().map(|it| it.id).collect::<Vec<_>>(), "{service}");
            }
        }
    }
    assert_eq!(change["api"]["oauth2PermissionScopes"][0]["value"], "Mcp.Tools.ReadWrite");
    assert_eq!(change["appRoles"][0]["value"], "Mcp.Tools.ReadWrite.All");
    assert_eq!(change["api"]["requestedAccessTokenVersion"], 2);
}

#[test]
fn what_was_asked_for_cannot_be_taken_for_anything_else() {
    for (name, change) in [
        ("an option as a name", Options { name: "--query".to_owned(), ..options() }),
        ("no name", Options { name: " ".to_owned(), ..options() }),
        ("what stands for an id", Options { name: "a{APP_ID}".to_owned(), ..options() }),
        ("a line break", Options { name: "a\nb".to_owned(), ..options() }),
        ("a tenant that is none", Options { tenant: "common".to_owned(), ..options() }),
        ("an address as a tenant", Options { tenant: "https://evil.example".to_owned(), ..options() }),
        ("an id that is none", Options { app_id: Some("x') or ('".to_owned()), ..options() }),
        ("an identity that is none", Options { managed_identity: Some("$(id)".to_owned()), ..options() }),
        ("a client that is none", Options { authorize_client: vec!["code".to_owned()], ..options() }),
        ("a cloud that is none", Options { cloud: "Moon".to_owned(), ..options() }),
        ("a tool that is none", Options { tool: vec!["moon".to_owned()], ..options() }),
    ] {
        assert!(change.read().is_err(), "{name}");
    }
}

/// A program that writes down its arguments, each on a line, and answers as the Azure CLI does.
fn fake_az(folder: &Path, answers: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let program = folder.join("az");
    let log = folder.join("log");
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" '--' >> '{}'\n{answers}\n", log.display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn calls(folder: &Path) -> Vec<Vec<String>> {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let calls = log.split("--\n").filter(|call| !call.is_empty());
    calls.map(|call| call.lines().map(str::to_owned).collect()).collect()
}

const GOOD: &str = "case \"$1 $2 $3\" in\n'account show --query') echo 8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11;;\n\
                    'rest --method POST') echo 11111111-2222-3333-4444-555555555555;;\nesac";

#[tokio::test]
async fn the_steps_are_run_with_what_earlier_ones_yielded() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&Options { name: "it's; $(touch x)".to_owned(), ..options() });
    let mut heard = Vec::new();
    let settings = apply(&plan, &fake_az(folder.path(), GOOD), |text| heard.push(text.to_owned())).await.unwrap();
    assert!(settings.contains(&format!("AzureAd__ClientId={APP}\n")), "{settings}");
    assert!(settings.contains(&format!("AzureAd__TenantId={TENANT}\n")), "{settings}");
    let calls = calls(folder.path());
    assert_eq!(calls.len(), plan.steps.len());
    // By Graph, because `az ad app create` would change an app of the same name.
    assert!(
        calls[1].join(" ").starts_with("rest --method POST --url https://graph.microsoft.com/v1.0/applications --")
    );
    let made: Value = serde_json::from_str(&calls[1][8]).unwrap();
    assert_eq!(made["displayName"], "it's; $(touch x)");
    let patch: Value = serde_json::from_str(calls[2].last().unwrap()).unwrap();
    assert_eq!(patch["identifierUris"][0], format!("api://{APP}"));
    assert!(calls[2].iter().any(|word| word.ends_with(&format!("applications(appId='{APP}')"))), "{:?}", calls[2]);
    let clients: Value = serde_json::from_str(calls[3].last().unwrap()).unwrap();
    assert_eq!(clients["api"]["preAuthorizedApplications"][0]["appId"], "aebc6443-996d-45c2-90f0-388ff96faa56");
    let trust: Value = serde_json::from_str(calls[5].last().unwrap()).unwrap();
    assert_eq!(trust["issuer"], format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
    assert_eq!(trust["subject"], IDENTITY);
    assert_eq!(calls.last().unwrap()[..4], ["ad", "app", "permission", "admin-consent"]);
    assert_eq!(heard.len(), plan.steps.len() + 1);
}

#[tokio::test]
async fn the_first_step_that_fails_is_the_last() {
    for (name, answers, expected, run) in [
        ("az fails", "exit 3", "az ended with", 1),
        ("az says nothing", "", "printed nothing", 1),
        ("az is signed in elsewhere", "echo 11111111-0000-0000-0000-000000000000", "another tenant", 1),
        ("az prints a warning in place of an id", "echo 'WARNING: x'", "printed nothing", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let error = apply(&plan(&options()), &fake_az(folder.path(), answers), |_| {}).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
        assert_eq!(calls(folder.path()).len(), run, "{name}");
    }
    let error = apply(&plan(&options()), Path::new("/nowhere/az"), |_| {}).await.unwrap_err();
    assert!(matches!(error, ApplyError::Missing(_)));
}

/// The printed script does what `--apply` does: a shell runs it with the same program.
#[tokio::test]
async fn the_script_does_the_same_as_the_steps() {
    for name in [
        "it's; $(touch x) `id` \"y\"",
        "quotes '\" ;touch x; \"' that meet",
        "'\"$(touch x)\"'",
        "$TENANT_ID \\ '' \"\"",
        "@x",
        "Dr\u{f6}hnen \u{2019}$(touch x)\u{2019}",
    ] {
        assert_the_script_does_the_same(&Options { name: name.to_owned(), ..options() }).await;
    }
}

async fn assert_the_script_does_the_same(options: &Options) {
    let (applied, scripted) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = apply(&plan(options), &fake_az(applied.path(), GOOD), |_| {}).await.unwrap();
    fake_az(scripted.path(), GOOD);
    let script = plan(options).script(TENANT);
    let shell = tokio::process::Command::new("/bin/sh")
        .args(["-c", &format!("PATH={}:$PATH\n{script}", scripted.path().display())])
        .current_dir(scripted.path())
        .output();
    let output = shell.await.unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(calls(scripted.path()), calls(applied.path()));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), settings);
    assert!(!scripted.path().join("x").exists(), "nothing in a name was run");
}
