//! The stand-ins for a developer's tools, run as programs with nothing else on their `PATH`.

use std::{
    ffi::OsStr,
    io,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use azure_core::credentials::TokenCredential;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    Executor,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use entra_emulator::{API_CLIENT_ID, AZURE_CLI_ID, DeveloperTool, TENANT_ID, ToolBehaviour};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::tenant::{Tenant, part};

const ARM: &str = "https://management.azure.com/.default";
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// A tenant, and a folder with its tools.
struct Desk {
    tenant: Tenant,
    folder: TempDir,
}

/// How a program ended, and what it printed.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {} {}", self.stdout, self.stderr))
    }
}

impl Desk {
    async fn with(behaviour: ToolBehaviour) -> Self {
        let desk = Self { tenant: Tenant::start().await, folder: tempfile::tempdir().unwrap() };
        let tools = DeveloperTool::ALL.map(|tool| (tool, behaviour.clone()));
        desk.tenant.emulator.write_developer_tools(desk.folder.path(), &tools).unwrap();
        desk
    }

    async fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        let mut command = command(self.folder.path(), self.folder.path().join(program).as_os_str());
        command.args(arguments);
        let Output { status, stdout, stderr } = finished(command).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
    }

    async fn az(&self, more: &[&str]) -> Ended {
        let words = ["account", "get-access-token", "--output", "json", "--scope", ARM];
        self.run("az", &[&words, more].concat()).await
    }

    async fn azd(&self, more: &[&str]) -> Ended {
        let words = ["auth", "token", "--output", "json", "--no-prompt", "--scope", ARM];
        self.run("azd", &[&words, more].concat()).await
    }

    async fn pwsh(&self, script: &str) -> Ended {
        let encoded = STANDARD.encode(script.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
        self.run("pwsh", &["-NoProfile", "-NonInteractive", "-EncodedCommand", &encoded]).await
    }
}

fn command(folder: &Path, program: &OsStr) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn finished(mut command: Command) -> io::Result<Output> {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap()
}

const SCRIPT: &str = "$ask = @{ ResourceUrl = 'https://management.azure.com' }\n$got = Get-AzAccessToken @ask";

#[tokio::test]
async fn each_tool_prints_a_token_for_what_was_asked_in_its_own_form() {
    let desk = Desk::with(ToolBehaviour::SignedInAs("bob".to_owned())).await;
    let (az, azd, pwsh) = (desk.az(&[]).await.json(), desk.azd(&[]).await.json(), desk.pwsh(SCRIPT).await.json());
    for (name, token) in [("az", &az["accessToken"]), ("azd", &azd["token"]), ("pwsh", &pwsh["Token"])] {
        let claims = part(token.as_str().unwrap(), 1);
        assert_eq!(
            (&claims["aud"], &claims["appid"]),
            (&json!("https://management.azure.com"), &json!(AZURE_CLI_ID)),
            "{name}"
        );
        assert_eq!(
            (&claims["upn"], &claims["tid"]),
            (&json!("bob@contoso.onmicrosoft.com"), &json!(TENANT_ID)),
            "{name}"
        );
    }
    let end = part(az["accessToken"].as_str().unwrap(), 1)["exp"].clone();
    assert_eq!((&az["expires_on"], &az["tenant"], &az["tokenType"]), (&end, &json!(TENANT_ID), &json!("Bearer")));
    assert!(azd["expiresOn"].as_str().unwrap().ends_with('Z') && pwsh["ExpiresOn"].is_string());
    let numbered = desk.pwsh(&format!("{SCRIPT}; $end = $got.ExpiresOn.ToUnixTimeSeconds()")).await.json();
    assert!(numbered["ExpiresOn"].is_i64());
    let typed =
        desk.run("pwsh", &["-Command", "Get-AzAccessToken -ResourceUrl \"https://storage.azure.com\""]).await.json();
    assert_eq!(part(typed["Token"].as_str().unwrap(), 1)["aud"], "https://storage.azure.com");
    let own = format!("api://{API_CLIENT_ID}/access_as_user");
    let api = desk.run("az", &["account", "get-access-token", "--scope", &own]).await.json();
    assert_eq!(part(api["accessToken"].as_str().unwrap(), 1)["aud"], API_CLIENT_ID);
    let shown = desk.run("az", &["account", "show"]).await.json();
    assert_eq!(
        (&shown["user"]["name"], &shown["tenantId"]),
        (&json!("bob@contoso.onmicrosoft.com"), &json!(TENANT_ID))
    );
}

#[tokio::test]
async fn each_tool_says_in_its_own_words_what_is_wrong() {
    let other = "11111111-2222-4333-8444-555555555555";
    for (name, behaviour, tenant, words) in [
        ("nobody", ToolBehaviour::NotSignedIn, None, ["az login", "azd auth login", "Connect-AzAccount"]),
        ("expired", ToolBehaviour::Expired, None, ["AADSTS700082", "AADSTS700082", "AADSTS700082"]),
        ("revoked", ToolBehaviour::Revoked, None, ["AADSTS50173", "AADSTS50173", "AADSTS50173"]),
        ("an unknown tenant", ToolBehaviour::SignedIn, Some(other), ["AADSTS90002", "AADSTS90002", "AADSTS90002"]),
        ("another tenant", ToolBehaviour::OtherTenant, Some(TENANT_ID), ["AADSTS50020", "AADSTS50020", "AADSTS50020"]),
        ("personal", ToolBehaviour::Personal, Some(TENANT_ID), ["live.com", "live.com", "live.com"]),
    ] {
        let desk = Desk::with(behaviour).await;
        let option = |name| tenant.map(|tenant| vec![name, tenant]).unwrap_or_default();
        let script =
            tenant.map_or(SCRIPT.to_owned(), |tenant| SCRIPT.replace(" }", &format!("; TenantId = '{tenant}' }}")));
        let ended =
            [desk.az(&option("--tenant")).await, desk.azd(&option("--tenant-id")).await, desk.pwsh(&script).await];
        for (ended, word) in ended.iter().zip(words) {
            assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{name}");
            assert!(ended.stderr.contains(word), "{name}: {word}: {}", ended.stderr);
        }
        let message: Value = serde_json::from_str(&ended[1].stderr).unwrap();
        assert_eq!(message["type"], "consoleMessage", "azd's errors are JSON too");
    }
}

#[tokio::test]
async fn an_account_of_elsewhere_gives_tokens_of_elsewhere() {
    for (behaviour, provider) in
        [(ToolBehaviour::OtherTenant, Value::Null), (ToolBehaviour::Personal, json!("live.com"))]
    {
        let personal = behaviour == ToolBehaviour::Personal;
        let desk = Desk::with(behaviour).await;
        let answer = desk.az(&[]).await.json();
        let claims = part(answer["accessToken"].as_str().unwrap(), 1);
        assert_eq!((&claims["tid"], claims["tid"] == CONSUMERS), (&answer["tenant"], personal));
        assert_eq!(claims["iss"], format!("https://sts.windows.net/{}/", answer["tenant"].as_str().unwrap()));
        assert_eq!(claims.get("idp").cloned().unwrap_or_default(), provider);
        assert_ne!(answer["tenant"], TENANT_ID);
    }
}

#[tokio::test]
async fn a_tool_that_is_not_named_is_not_installed_and_what_one_does_can_change() {
    let desk = Desk::with(ToolBehaviour::SignedIn).await;
    let only = [(DeveloperTool::AzureCli, ToolBehaviour::NotSignedIn)];
    desk.tenant.emulator.write_developer_tools(desk.folder.path(), &only).unwrap();
    let files: Vec<_> = std::fs::read_dir(desk.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["az"]);
    assert_eq!(desk.az(&[]).await.code, 1);
    let change = json!({"tool": "azure_cli", "behaviour": {"signed_in_as": "carol"}});
    assert_eq!(desk.tenant.post_json("/_emulator/tools", &change).await.status, 204);
    assert_eq!(desk.az(&[]).await.code, 0);
    desk.tenant.emulator.control().set_developer_tool(DeveloperTool::AzureCli, ToolBehaviour::Banner);
    let ended = desk.az(&["with a blank", "a\nline", "$(x)", "ü"]).await;
    assert!(
        ended.stdout.starts_with("Welcome")
            && ended.stdout.contains("\"accessToken\"")
            && ended.stderr.starts_with("WARNING")
    );
    let calls = desk.tenant.emulator.developer_tool_calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[2].1[6..], ["with a blank", "a\nline", "$(x)", "ü"], "arguments come as they are");
}

#[tokio::test]
async fn a_tool_that_hangs_is_still_there_when_patience_ends() {
    let desk = Desk::with(ToolBehaviour::Hang).await;
    let mut waiting = command(desk.folder.path(), desk.folder.path().join("az").as_os_str());
    let mut child = waiting.args(["account", "get-access-token", "--scope", ARM]).spawn().unwrap();
    while desk.tenant.emulator.developer_tool_calls().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn power_shell_without_its_module_says_so_as_the_script_wants_it() {
    let desk = Desk::with(ToolBehaviour::ModuleMissing).await;
    let bare = desk.pwsh(SCRIPT).await;
    assert!(bare.code == 1 && bare.stderr.contains("'Get-AzAccessToken' is not recognized"), "{}", bare.stderr);
    let careful =
        "if (-not (Get-Module -ListAvailable Az.Accounts)) { [Console]::Error.WriteLine('no module'); exit 1 }";
    assert_eq!(desk.pwsh(&format!("{careful}\n{SCRIPT}")).await.stderr, "no module\n");
    assert_eq!(desk.az(&[]).await.code, 0, "the others have no module");
}

#[tokio::test]
async fn what_is_not_served_is_refused() {
    let desk = Desk::with(ToolBehaviour::SignedIn).await;
    for (program, arguments, code) in [
        ("az", &["vm", "list"][..], 2),
        ("az", &[], 2),
        ("az", &["account", "get-access-token", "-o", "tsv"], 2),
        ("az", &["account", "get-access-token", "--scope", "https://nobody.example/.default"], 1),
        ("az", &["account", "get-access-token", "--tenant", TENANT_ID, "--subscription", "x"], 1),
        ("azd", &["up"], 1),
        ("azd", &["auth", "token"], 1),
        ("pwsh", &["-Command", "Get-Date"], 1),
        ("pwsh", &["-EncodedCommand", "?"], 1),
        ("pwsh", &["-Command", "Get-AzAccessToken -ResourceUrl $resource"], 1),
    ] {
        let ended = desk.run(program, arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (code, ""), "{program} {arguments:?}: {}", ended.stderr);
    }
}

/// Runs the library's commands with nothing but the tools on the `PATH`.
#[derive(Debug)]
struct AtDesk(std::path::PathBuf);

#[async_trait::async_trait]
impl Executor for AtDesk {
    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> io::Result<Output> {
        let mut command = command(&self.0, program);
        command.args(arguments);
        finished(command).await
    }
}

#[tokio::test]
async fn microsoft_s_own_library_takes_them_for_the_real_ones() {
    let desk = Desk::with(ToolBehaviour::SignedIn).await;
    let executor: Arc<dyn Executor> = Arc::new(AtDesk(desk.folder.path().to_owned()));
    let cli = AzureCliCredentialOptions { executor: Some(Arc::clone(&executor)), ..Default::default() };
    let cli = AzureCliCredential::new(Some(cli)).unwrap();
    let developer = AzureDeveloperCliCredentialOptions { executor: Some(executor), ..Default::default() };
    let developer = AzureDeveloperCliCredential::new(Some(developer)).unwrap();
    let both: [&dyn TokenCredential; 2] = [&*cli, &*developer];
    for (credential, login) in both.into_iter().zip(["az login", "azd auth login"]) {
        let control = desk.tenant.emulator.control();
        for tool in DeveloperTool::ALL {
            control.set_developer_tool(tool, ToolBehaviour::SignedIn);
        }
        let token = credential.get_token(&[ARM], None).await.unwrap();
        let claims = part(token.token.secret(), 1);
        assert_eq!(token.expires_on.unix_timestamp(), claims["exp"].as_i64().unwrap(), "{login}");
        for tool in DeveloperTool::ALL {
            control.set_developer_tool(tool, ToolBehaviour::NotSignedIn);
        }
        let error = credential.get_token(&[ARM], None).await.unwrap_err();
        assert!(error.to_string().contains(login), "{error}");
    }
}
