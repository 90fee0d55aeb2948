//! The pages say what the server does, and where.

#![allow(clippy::unwrap_used, reason = "a page that cannot be read fails the test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn known_limits_are_those_of_the_catalogue() {
    let made = azure_tools::known_limits::page();
    let how = "run: cargo run -p azure-tools -- known-limits > samples/azure-tools/KNOWN-LIMITS.md";
    assert!(page("KNOWN-LIMITS.md") == made, "{how}");
}

/// What the documents promise or warn of: the guide, the known issues, the article.
const PROMISES: [(char, usize); 3] = [('G', 29), ('K', 13), ('A', 10)];

#[test]
fn every_promise_has_a_place_and_a_test() {
    let page = page("COMING-FROM-AZURE-MCP-SERVER.md");
    let rows: Vec<Vec<&str>> = page.lines().filter(|line| line.starts_with("| ")).map(cells).collect();
    let known = tests();
    for (letter, last) in PROMISES {
        for number in 1..=last {
            let id = format!("{letter}{number}");
            let with_id: Vec<_> = rows.iter().filter(|row| row[0] == id).collect();
            let [row] = with_id[..] else { panic!("{id}: {} rows", with_id.len()) };
            let [_, promise, place, test] = row[..] else { panic!("{id}: {row:?}") };
            assert!(!promise.is_empty(), "{id}");
            assert!(leads(place), "{id}: {place} leads nowhere");
            let named: Vec<_> = test.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "{id}: no test");
            named.iter().for_each(|name| assert!(known.contains(*name), "{id}: there is no test {name}"));
        }
    }
    let counted: usize = PROMISES.iter().map(|(_, last)| last).sum();
    let ids = rows.iter().filter(|row| row[0].starts_with(['G', 'K', 'A'])).count();
    assert_eq!(ids, counted, "a promise that nobody counts");
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split(" | ").map(str::trim).collect()
}

/// Tells whether a cell is a link to a file of the repository.
fn leads(cell: &str) -> bool {
    let target = cell.split_once("](").and_then(|(_, rest)| rest.split(')').next());
    target.is_some_and(|target| Path::new(env!("CARGO_MANIFEST_DIR")).join(target).is_file())
}

/// The functions of the workspace that stand below a test attribute.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    ["mcp-auth-layer", "mcp-obo", "samples"].iter().for_each(|folder| rust_files(&root.join(folder), &mut files));
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts.flat_map(|text| tests_in(&text).collect::<Vec<_>>()).collect()
}

fn tests_in(text: &str) -> impl Iterator<Item = String> {
    let after = text.split("test]\n").chain(text.split("test(")).skip(1);
    after.filter_map(|rest| {
        let (before, name) = rest.split_once("fn ")?;
        (!before.contains(['{', '}', ';'])).then(|| name.split('(').next().unwrap_or_default().to_owned())
    })
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => rust_files(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}
