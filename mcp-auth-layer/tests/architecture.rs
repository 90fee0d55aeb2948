//! The shape of the house: no module cycles in the two libraries, and no file that has outgrown its idea.

#![allow(clippy::unwrap_used, reason = "a source that cannot be read fails the test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const MAX_LINES: usize = 400;

fn sources(crate_name: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(crate_name).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 5, "the sources of {crate_name} are found");
    found
}

/// The top-level module that a file belongs to; none for the crate root and for test support.
fn module(path: &Path) -> Option<String> {
    let inside: PathBuf = path.components().skip_while(|part| part.as_os_str() != "src").skip(1).collect();
    let name = inside.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    let is_test = path.file_name().is_some_and(|file| file == "tests.rs") || name.starts_with("test");
    (name != "lib" && !is_test).then_some(name)
}

/// The code without its tests, comments and doc examples.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The modules that `crate::` paths in this code start with, one level of braces included.
fn used(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.trim_start()
            .chars()
            .take_while(|one| one.is_ascii_lowercase() || *one == '_' || one.is_ascii_digit())
            .collect()
    };
    let mut names = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(braced) = after.strip_prefix('{') else {
            names.insert(word(after));
            continue;
        };
        let mut depth = 0;
        let mut item = String::new();
        for one in braced.chars() {
            match one {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.insert(word(&std::mem::take(&mut item)));
                }
                _ => item.push(one),
            }
        }
        names.insert(word(&item));
    }
    names.remove("");
    names
}

fn graph(crate_name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(crate_name) {
        let Some(from) = module(&path) else { continue };
        let uses = used(&code(&path)).into_iter().filter(|to| *to != from);
        graph.entry(from.clone()).or_default().extend(uses);
    }
    graph
}

#[test]
fn no_module_is_above_and_below_another() {
    for crate_name in ["mcp-auth-layer", "mcp-obo"] {
        let mut graph = graph(crate_name);
        // Take away what uses nothing that is left; what cannot be taken away stands in a cycle.
        loop {
            let known: BTreeSet<String> = graph.keys().cloned().collect();
            let before = graph.len();
            graph.retain(|_, uses| uses.iter().any(|name| known.contains(name)));
            if graph.len() == before {
                break;
            }
        }
        assert!(graph.is_empty(), "{crate_name}: modules in a cycle: {graph:#?}");
    }
}

#[test]
fn no_file_has_outgrown_its_idea() {
    for crate_name in ["mcp-auth-layer", "mcp-obo"] {
        for path in sources(crate_name) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= MAX_LINES, "{}: {lines} lines", path.display());
        }
    }
}

#[test]
fn paths_are_read_with_and_without_braces() {
    let code = "use crate::{a::{x, y}, b, c_d::Z};\nlet _ = crate::e::f();\nuse crate::g;";
    let names: Vec<_> = used(code).into_iter().collect();
    assert_eq!(names, ["a", "b", "c_d", "e", "g"]);
}
