//! What proves the app, and what stands between it and Entra.

use std::fs;

use entra_emulator::ClientCertificate;
use mcp_auth_layer::clock::UnixTime;
use mcp_obo::credential::CredentialStatus;

use super::*;

pub(super) fn kinds(settings: &Settings) -> Vec<CredentialKind> {
    settings.credentials.as_ref().unwrap().status(UnixTime::from_secs(0)).iter().map(CredentialStatus::kind).collect()
}

#[test]
fn every_credential_that_is_set_is_used_in_the_contracts_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (pem, junk, nothing) = (path("app.pem"), path("junk.pfx"), path("missing.pem"));
    let certificate = ClientCertificate::generate();
    fs::write(&pem, format!("{}{}", certificate.certificate_pem(), certificate.private_key_pem())).unwrap();
    fs::write(&junk, [0, 1, 2, 3]).unwrap();

    let production =
        |settings: &Settings| settings.warnings.iter().any(|text| text.contains("client secret is in use"));
    let alone = with(&[("GRAPH_CLIENT_SECRET", ""), ("GRAPH_CLIENT_CERT_PATH", &pem)]).unwrap();
    assert_eq!((kinds(&alone), production(&alone)), (vec![CredentialKind::Certificate], false));
    let both = with(&[("GRAPH_CLIENT_CERT_PATH", &pem)]).unwrap();
    assert_eq!((kinds(&both), production(&both)), (vec![CredentialKind::Secret, CredentialKind::Certificate], true));
    let azure = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_CERTIFICATE_PATH", &pem),
        ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true"),
    ];
    assert_eq!(kinds(&read(&azure).unwrap()), [CredentialKind::Certificate]);
    // A reader's certificate beside our client id is the hosting identity's.
    let foreign = [&azure[..], &[("GRAPH_CLIENT_ID", CLIENT), ("GRAPH_CLIENT_SECRET", SECRET)]].concat();
    assert_eq!(kinds(&read(&foreign).unwrap()), [CredentialKind::Secret]);

    for (name, path, expected) in [("missing", &nothing, "could not be read"), ("not a certificate", &junk, "PKCS#12")]
    {
        let mistakes = with(&[("GRAPH_CLIENT_SECRET", ""), ("GRAPH_CLIENT_CERT_PATH", path)]).unwrap_err();
        let [mistake] = &mistakes.0[..] else { panic!("{name}: {mistakes}") };
        assert!(mistake.starts_with("GRAPH_CLIENT_CERT_PATH: ") && mistake.contains(expected), "{name}: {mistake}");
    }
    let chain = [&azure[..3], &[("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "perhaps")]].concat();
    assert!(read(&chain).unwrap_err().to_string().contains("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"));
}

#[test]
fn proxies_and_authorities_are_read_at_start() {
    refused(&[
        ("proxy", &[("HTTPS_PROXY", "ftp://proxy.corp.example")], "HTTPS_PROXY"),
        ("a proxy in small letters", &[("all_proxy", "socks9://x")], "all_proxy"),
    ]);
    let mistakes = with(&[("SSL_CERT_FILE", "/there/is/no/such/file.pem")]).unwrap_err();
    assert!(mistakes.to_string().contains("SSL_CERT_FILE /there/is/no/such/file.pem"), "{mistakes}");
    with(&[("https_proxy", "http://user:word@proxy.corp.example:8080"), ("NO_PROXY", "*")]).unwrap();
}
