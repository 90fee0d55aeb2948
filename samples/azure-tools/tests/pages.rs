//! The pages say what the server does.

use std::path::Path;

#[test]
fn known_limits_are_those_of_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("KNOWN-LIMITS.md");
    let written = std::fs::read_to_string(path).unwrap();
    let made = azure_tools::known_limits::page();
    assert!(written == made, "run: cargo run -p azure-tools -- known-limits > samples/azure-tools/KNOWN-LIMITS.md");
}
