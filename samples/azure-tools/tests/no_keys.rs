//! No tool gets in by an account key, a shared access signature or a connection string: the source has no word of them.

#![allow(clippy::unwrap_used, reason = "what a test cannot unwrap has failed it")]

use std::{fs, path::Path};

/// What ways around Entra are called in headers, query strings, connection strings and at Resource Manager.
const WORDS: [&str; 14] = [
    "sharedkey",
    "sharedaccesskey",
    "sharedaccesssignature",
    "accountkey",
    "connectionstring",
    "connection_string",
    "listkeys",
    "listconnectionstrings",
    "primarymasterkey",
    "primarykey",
    "hmac",
    "sig=",
    "type=master",
    "type=resource",
];

#[test]
fn no_source_of_the_server_knows_a_key() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    visit(&source, &mut |path, text| {
        seen += 1;
        let text = text.to_lowercase();
        // What a record says about keys being allowed is told, and is no key.
        let text = text.replace("allowsharedkeyaccess", "");
        for word in WORDS {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    });
    assert!(seen > 30, "only {seen} files were read");
}

fn visit(folder: &Path, see: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|it| it == "rs") {
            see(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
