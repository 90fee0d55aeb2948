#![allow(clippy::unwrap_used, reason = "a helper that cannot set up its certificate fails the test")]

use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use super::*;

fn authority() -> rcgen::Certificate {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn the_system_s_roots_are_added_where_a_variable_hides_them() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = [authority(), authority()];
    fs::write(folder.path().join("one.pem"), one.pem()).unwrap();
    fs::write(folder.path().join("both.crt"), one.pem() + &two.pem()).unwrap();
    fs::write(folder.path().join("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    let hidden = |seen: &[CertificateDer<'static>]| {
        hidden_in(load_certs_from_paths(None, Some(folder.path())).certs.into_iter(), seen)
    };
    let all = hidden(&[]);
    let mut expected = [one.der().clone(), two.der().clone()];
    expected.sort_unstable_by(|left, right| left.as_ref().cmp(right.as_ref()));
    assert_eq!(all, expected, "what is broken costs only itself");
    assert_eq!(hidden(&[one.der().clone()]), [two.der().clone()]);
    assert!(hidden(&expected).is_empty());
}

/// The environment belongs to the whole process, so this one starts another.
#[test]
fn a_named_bundle_does_not_replace_the_system_s_roots() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("corporate.pem");
    fs::write(&bundle, authority().pem()).unwrap();
    let system = openssl_probe::candidate_cert_dirs().flat_map(|path| load_certs_from_paths(None, Some(path)).certs);
    let system = system.filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok()).count();
    for (name, variables, added, bundle) in [
        ("none", &[][..], 0, 0),
        ("a file", &[("SSL_CERT_FILE", bundle.as_path())], system, 1),
        ("a folder", &[("SSL_CERT_DIR", folder.path())], system, 1),
        // What is blank is not set.
        ("a blank file", &[("SSL_CERT_FILE", Path::new(""))], system, 0),
        ("spaces for a file", &[("SSL_CERT_FILE", Path::new(" "))], system, 0),
        ("a blank folder", &[("SSL_CERT_DIR", Path::new(""))], 0, 0),
        ("a folder and a blank file", &[("SSL_CERT_DIR", folder.path()), ("SSL_CERT_FILE", Path::new(""))], system, 1),
    ] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "fetch::roots::tests::the_child_counts_what_it_adds", "--ignored", "--nocapture"])
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(&format!("added: {added}.")), "{name}: {text}");
        let trusted = text.split("trusted: ").nth(1).and_then(|rest| rest.split('.').next()?.parse().ok());
        assert!(trusted.is_some_and(|trusted: usize| trusted >= system + bundle), "{name}: {text}");
    }
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn the_child_counts_what_it_adds() {
    let roots = Roots::default();
    println!("added: {}.", roots.beside_the_clients_own().unwrap().len());
    println!("trusted: {}.", roots.all().unwrap().len());
}
