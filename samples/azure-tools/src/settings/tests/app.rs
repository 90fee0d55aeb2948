//! The app registration that callers' tokens are for, and with what the server proves that it is that app.

use mcp_auth_layer::principal::Principal;
use mcp_obo::credential::CredentialKind;

use super::*;

#[test]
fn an_application_may_call_where_nobody_is_acted_for() {
    let hosting = ["--transport", "http", "--outgoing-auth-strategy", "UseHostingEnvironmentIdentity"];
    let tenant = || mcp_auth_layer::tenant::TenantId::parse(TENANT).unwrap();
    let app = |role: &str| Principal::App { tenant: tenant(), roles: vec![role.to_owned()] };
    for (name, options, role, expected) in [
        ("as itself, with the role", &hosting[..], "Mcp.Tools.ReadWrite.All", true),
        ("as itself, without", &hosting, "Another.Role", false),
        ("as itself, with the users' scope for a role", &hosting, "Mcp.Tools.ReadWrite", false),
        ("on behalf of users", &HTTP, "Mcp.Tools.ReadWrite.All", false),
    ] {
        let incoming = read(options, &[]).unwrap().incoming.unwrap();
        let judged =
            azure_ad::scopes(if name.starts_with("as itself") { ActingAs::HostingIdentity } else { ActingAs::User });
        assert_eq!(judged.unwrap().judge(&app(role)).is_ok(), expected, "{name}");
        assert_eq!(
            incoming.access,
            AccessPolicy::new(azure_ad::scopes(read(options, &[]).unwrap().acting.strategy).unwrap())
        );
    }
}

#[test]
fn the_section_of_the_app_is_read_in_both_forms() {
    for (name, more, expected) in [
        ("instance and tenant", &[][..], Ok("https://login.microsoftonline.com")),
        (
            "authority",
            &[
                ("AzureAd__Instance", ""),
                ("AzureAd__TenantId", ""),
                ("AzureAd__Authority", "https://login.microsoftonline.us/8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11/v2.0"),
            ],
            Ok("https://login.microsoftonline.us"),
        ),
        (
            "China by its instance",
            &[("AzureAd__Instance", "https://login.chinacloudapi.cn/")],
            Ok("https://login.chinacloudapi.cn"),
        ),
        ("no tenant", &[("AzureAd__TenantId", " ")], Err("AzureAd__TenantId: not set")),
        ("no client", &[("AzureAd__ClientId", "")], Err("AzureAd__ClientId: not set")),
        ("not a client", &[("AzureAd__ClientId", "tools")], Err("AzureAd__ClientId:")),
        ("any tenant", &[("AzureAd__TenantId", "common")], Err("AzureAd__TenantId:")),
        ("a mix of clouds", &[("AZURE_CLOUD", "AzureChinaCloud")], Err("remove one of them")),
        (
            "an authority that is none",
            &[("AzureAd__Instance", ""), ("AzureAd__Authority", "login.microsoftonline.us/contoso.com")],
            Err("AzureAd__Authority: it is not a URL"),
        ),
        ("a cloud that is none", &[("AZURE_CLOUD", "AzureMars")], Err("AZURE_CLOUD: \"AzureMars\" is not known")),
        ("Graph as audience", &[("AzureAd__Audience", "https://graph.microsoft.com")], Err("AzureAd__Audience:")),
    ] {
        match (read(&HTTP, more), expected) {
            (Ok(settings), Ok(host)) => {
                assert_eq!(settings.incoming.unwrap().app.unwrap().authority().host(), host, "{name}");
            }
            (Err(mistakes), Err(text)) => assert!(mistakes.to_string().contains(text), "{name}: {mistakes}"),
            (read, _) => panic!("{name}: {read:?}"),
        }
    }
}

#[test]
fn one_cloud_is_meant_by_all_that_name_one() {
    let china = [&HTTP[..], &["--cloud", "AzureChinaCloud"]].concat();
    let stdio = ["--cloud", "AzureChinaCloud"];
    let none = ("AzureAd__Instance", "");
    let public = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/");
    let chinas = ("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn/");
    for (name, options, more, expected) in [
        ("the option alone", &china[..], &[none][..], Ok(Cloud::China)),
        ("the option, and what Kubernetes injects", &china, &[none, public], Err("AZURE_AUTHORITY_HOST and --cloud")),
        ("the same over stdio", &stdio, &[none, public], Err("AZURE_AUTHORITY_HOST and --cloud")),
        ("both the same", &china, &[none, chinas], Ok(Cloud::China)),
        ("the option before the variable", &china, &[none, ("AZURE_CLOUD", "AzureCloud")], Ok(Cloud::China)),
        ("the option against the section", &china, &[], Err("AzureAd__Instance and the cloud")),
        ("what Kubernetes injects alone", &HTTP, &[none, chinas], Ok(Cloud::China)),
        ("the section before what is injected", &HTTP, &[chinas], Ok(Cloud::Public)),
    ] {
        match (read(options, more), expected) {
            (Ok(settings), Ok(cloud)) => assert_eq!(settings.cloud, cloud, "{name}"),
            (Err(mistakes), Err(text)) => assert!(mistakes.to_string().contains(text), "{name}: {mistakes}"),
            (read, _) => panic!("{name}: {read:?}"),
        }
    }
}

#[test]
fn every_source_of_a_credential_is_honoured_or_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "e30.e30.e30").unwrap();
    let token = token.to_str().unwrap();
    for (source, name, value, expected) in [
        ("ClientSecret", "ClientSecret", SECRET, Ok(CredentialKind::Secret)),
        ("clientsecret", "ClientSecret", SECRET, Ok(CredentialKind::Secret)),
        (
            " ",
            "ClientSecret",
            SECRET,
            Err("__0__SourceType: not set, so that AzureAd__ClientCredentials__0__ClientSecret"),
        ),
        ("SignedAssertionFilePath", "SignedAssertionFileDiskPath", token, Ok(CredentialKind::WorkloadIdentity)),
        ("SignedAssertionFilePath", "SignedAssertionFilePath", token, Ok(CredentialKind::WorkloadIdentity)),
        ("Path", "CertificateDiskPath", "/nowhere.pem", Err("CertificateDiskPath:")),
        ("Path", "Other", "", Err("CertificateDiskPath: not set")),
        ("Base64Encoded", "Base64EncodedValue", "%%%", Err("Base64EncodedValue:")),
        ("KeyVault", "KeyVaultUrl", "https://contoso.vault.azure.net", Err("KeyVaultCertificateName: not set")),
        ("KeyVault", "KeyVaultUrl", "https://contoso.example", Err("KeyVaultCertificateName: not set")),
        ("StoreWithThumbprint", "X", "", Err("StoreWithThumbprint is a certificate store of Windows")),
        ("CustomSignedAssertion", "X", "", Err("cannot load")),
        ("Secret", "X", "", Err("\"Secret\" is not known")),
    ] {
        let source_type = "AzureAd__ClientCredentials__0__SourceType";
        let value_name = format!("AzureAd__ClientCredentials__0__{name}");
        let changes = [(source_type, source), (value_name.as_str(), value), (TEMPLATE[5].0, "")];
        match (read(&HTTP, &changes), expected) {
            (Ok(settings), Ok(kind)) => {
                let credentials = settings.incoming.unwrap().credentials.unwrap();
                let status = credentials.status(mcp_auth_layer::clock::UnixTime::from_secs(0));
                assert_eq!(status[0].kind(), kind, "{source}");
            }
            (Err(mistakes), Err(text)) => assert!(mistakes.to_string().contains(text), "{source} {name}: {mistakes}"),
            (read, _) => panic!("{source} {name}: {read:?}"),
        }
    }
}

#[test]
fn a_gap_between_credentials_ends_no_list() {
    let more = [
        ("AzureAd__ClientCredentials__3__SourceType", "ClientSecret"),
        ("AzureAd__ClientCredentials__3__ClientSecret", SECRET),
        ("AzureAd__ClientSecret", "another"),
    ];
    let credentials = read(&HTTP, &more).unwrap().incoming.unwrap().credentials.unwrap();
    let kinds: Vec<_> = credentials.status(mcp_auth_layer::clock::UnixTime::from_secs(0));
    let expected = [CredentialKind::ManagedIdentity, CredentialKind::Secret, CredentialKind::Secret];
    assert_eq!(kinds.iter().map(|one| one.kind()).collect::<Vec<_>>(), expected);
}

#[test]
fn a_vault_is_read_as_what_the_server_is_deployed_with() {
    for (name, more) in [
        ("the machine", &[][..]),
        ("a user-assigned identity", &[("AZURE_CLIENT_ID", IDENTITY)]),
        ("a service principal", &[("AZURE_CLIENT_ID", IDENTITY), ("AZURE_CLIENT_SECRET", SECRET)]),
        ("whatever calls go out as", &[("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")]),
    ] {
        let vars: BTreeMap<_, _> = more.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let mut reader = Reader::new(&vars);
        let app = read(&HTTP, &[]).unwrap().incoming.unwrap().app.unwrap();
        let identity = client_credentials::reader_of_vault(&mut reader, &app).unwrap();
        let chosen = identity.credential_chain().unwrap().selection();
        assert_eq!((chosen.as_str(), reader.mistakes), ("AZURE_TOKEN_CREDENTIALS=prod", vec![]), "{name}");
    }
}
