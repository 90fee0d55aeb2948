//! Whose certificates are trusted.

use std::{fs, path::Path};

use mcp_auth_layer::{
    config::ConfigError,
    fetch::{Egress, HttpClient},
};

use crate::{
    authority::{Authority, Flaw},
    child::ask_with,
    client, client_with, get, limits,
    peers::says_hello,
};

/// A server with a certificate of this CA, as a URL.
async fn server_of(ca: &Authority) -> String {
    format!("https://localhost:{}/", says_hello(ca.server("localhost", Flaw::None, &[])).await.port())
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_root_that_is_given_is_trusted_and_no_other() {
    let (ours, theirs) = (Authority::named("ours"), Authority::named("theirs"));
    let with_ours = client_with(&[], &ours.pem);
    assert_eq!(get(&with_ours, &server_of(&ours).await).await.unwrap().status(), 200);
    for (name, client) in [("without", client()), ("with another", client_with(&[], &theirs.pem))] {
        let error = get(&client, &server_of(&ours).await).await.unwrap_err();
        assert_eq!(error.fault().unwrap().kind(), "tls_untrusted", "{name}");
    }
}

#[tokio::test]
async fn where_one_root_alone_is_trusted_no_other_is() {
    let (ours, theirs) = (Authority::named("ours"), Authority::named("theirs"));
    let egress = Egress::default().add_roots(theirs.pem.as_bytes()).unwrap();
    let egress = egress.trusting_only(ours.pem.as_bytes()).unwrap();
    assert_eq!(egress.trusted_roots().unwrap().matches("BEGIN CERTIFICATE").count(), 1, "not the system's, either");
    let client = HttpClient::reqwest_through(limits(), &egress).unwrap();
    assert_eq!(get(&client, &server_of(&ours).await).await.unwrap().status(), 200);
    let error = get(&client, &server_of(&theirs).await).await.unwrap_err();
    assert_eq!(error.fault().unwrap().kind(), "tls_untrusted");
    assert!(Egress::default().trusting_only(b"nothing").is_err());
}

#[test]
fn all_that_is_trusted_can_be_told_to_other_connections() {
    let (one, two) = (Authority::named("one"), Authority::named("two"));
    let certificates = |pem: &str| pem.matches("BEGIN CERTIFICATE").count();
    let body = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let (system, with_both) = (
        Egress::default().trusted_roots().unwrap(),
        Egress::default().add_roots((one.pem.clone() + &two.pem).as_bytes()).unwrap().trusted_roots().unwrap(),
    );
    assert_eq!(certificates(&with_both), certificates(&system) + 2);
    for added in [&one.pem, &two.pem] {
        assert!(body(&with_both).contains(&body(added)) && !body(&system).contains(&body(added)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_s_certificate_variables_are_honoured() {
    let (one, two, three) = (Authority::named("one"), Authority::named("two"), Authority::named("three"));
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "bundle.pem", &one.pem);
    for (name, ca) in [("a", &two), ("b", &three)] {
        fs::create_dir(folder.path().join(name)).unwrap();
        write(&folder.path().join(name), "ca.crt", &ca.pem);
    }
    let folders = std::env::join_paths(["a", "b"].map(|name| folder.path().join(name))).unwrap();
    let urls = vec![server_of(&one).await, server_of(&two).await, server_of(&three).await];
    let (file, folders) = (("SSL_CERT_FILE", file), ("SSL_CERT_DIR", folders.into_string().unwrap()));
    let (good, bad) = ("200 hello by HTTP/1.1", "tls_untrusted");
    for (variables, expected) in [
        (vec![], [bad, bad, bad]),
        (vec![file.clone()], [good, bad, bad]),
        (vec![folders.clone()], [bad, good, good]),
        (vec![file, folders], [good, good, good]),
    ] {
        let given: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut found = Vec::new();
        let client = client_with(&given, &Authority::named("unused").pem);
        for url in &urls {
            found.push(get(&client, url).await.map_or_else(|why| why.fault().unwrap().kind(), |_| good));
        }
        assert_eq!(found, expected, "given: {given:?}");
        assert_eq!(ask_with(variables.clone(), urls.clone()).await, expected, "in the environment: {given:?}");
    }
}

#[test]
fn certificates_that_cannot_be_read_are_refused_with_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let good = Authority::named("good").pem;
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(folder.path().join("no-certificates")).unwrap();
    write(&folder.path().join("no-certificates"), "README", "nothing here");
    let not_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let not_base64 = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let a_key = good.replace("CERTIFICATE", "PRIVATE KEY");
    for (name, variable, value) in [
        ("missing", "SSL_CERT_FILE", path("missing.pem")),
        ("empty", "SSL_CERT_FILE", write(folder.path(), "empty.pem", "")),
        ("garbage", "SSL_CERT_FILE", write(folder.path(), "garbage.pem", "<html>not found</html>")),
        ("a private key", "SSL_CERT_FILE", write(folder.path(), "key.pem", &a_key)),
        ("no DER", "SSL_CERT_FILE", write(folder.path(), "der.pem", &format!("{good}{not_der}"))),
        ("no base64", "SSL_CERT_FILE", write(folder.path(), "base64.pem", &format!("{good}{not_base64}"))),
        ("a folder", "SSL_CERT_FILE", path("no-certificates")),
        ("a device without an end", "SSL_CERT_FILE", "/dev/zero".to_owned()),
        ("missing folder", "SSL_CERT_DIR", path("missing")),
        ("folder without one", "SSL_CERT_DIR", path("no-certificates")),
    ] {
        let lookup = |asked: &str| (asked == variable).then(|| value.clone());
        let error = Egress::from_variables(lookup).unwrap_err();
        assert!(matches!(error, ConfigError::Roots { .. }), "{name}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(variable) && text.contains(&value), "{name}: {text}");
        assert!(std::error::Error::source(&error).is_some(), "{name}: a reason");
    }
    for pem in ["", "garbage", not_der] {
        let error = Egress::default().add_roots(pem.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "CA certificates could not be read from the PEM given");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_path_in_the_environment_is_an_error_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = write(folder.path(), "garbage.pem", "garbage");
    for (name, value) in [
        ("SSL_CERT_FILE", "/no/such/file".to_owned()),
        ("SSL_CERT_FILE", garbage),
        ("SSL_CERT_DIR", "/no/such/folder".to_owned()),
    ] {
        let outcomes = ask_with(vec![(name, value.clone())], vec!["https://localhost:1/".to_owned()]).await;
        assert!(outcomes[0].starts_with("not built: "), "{name}={value}: {outcomes:?}");
    }
}
