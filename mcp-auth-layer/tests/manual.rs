//! The manual names tests; they must exist.

#![allow(clippy::unwrap_used, reason = "a source that cannot be read fails the test")]

use std::{collections::BTreeSet, fs, path::Path};

fn rust_files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The functions that stand directly below a test attribute.
fn tests_in(source: &str) -> impl Iterator<Item = &str> {
    let attributes = source.match_indices("test").filter_map(|(at, _)| {
        let line = source[..at].rfind('\n').map_or(0, |end| end + 1);
        source[line..].trim_start().starts_with("#[").then(|| &source[at..])
    });
    attributes.filter_map(|rest| {
        let signature = rest.split_once("fn ")?;
        // Attributes and `async` may stand between, other code not.
        (!signature.0.contains(['{', '}', ';'])).then(|| signature.1.split('(').next().unwrap_or_default())
    })
}

/// The pages whose tables end in a column of tests, by crate, with how many names they have at least.
const PAGES: [(&str, &[&str], usize); 2] = [
    ("mcp-auth-layer", &["manual/threats", "manual/known_failures", "fetch/fault"], 80),
    ("mcp-obo", &["manual/threats"], 100),
];

#[test]
fn every_test_that_the_manual_names_exists() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (library, pages, least) in PAGES {
        let root = workspace.join(library);
        let mut sources = Vec::new();
        // Limits, and whole flows over HTTP, are tried through the server.
        for package in [&root, &workspace.join("samples/message-center")] {
            rust_files(&package.join("src"), &mut sources);
            rust_files(&package.join("tests"), &mut sources);
        }
        let known: BTreeSet<&str> = sources.iter().flat_map(|source| tests_in(source)).collect();
        let named: usize = pages.iter().map(|page| check(&root, page, &known)).sum();
        assert!(named >= least, "{library}: the tables are read: {named}");
    }
}

/// Checks the rows of one page, and counts the tests that they name.
fn check(root: &Path, page: &str, known: &BTreeSet<&str>) -> usize {
    let text = fs::read_to_string(root.join(format!("src/{page}.rs"))).unwrap();
    let mut named = 0;
    for row in text.lines().filter(|line| line.starts_with("//! |") || line.starts_with("/// |")) {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        let heading = tests.starts_with("test") || row[4..].starts_with("|---");
        assert!(heading || !names.is_empty(), "{page}: a row without a test: {row}");
        for name in names {
            assert!(known.contains(name), "{page}: no test is called {name}");
            named += 1;
        }
    }
    named
}
