//! Runs the package `full-stack`, which is one of its own because the servers switch on what other benches must not measure, and
//! built as servers are deployed.

use std::process::{Command, ExitCode};

use benches::scale::Scale;

fn main() -> ExitCode {
    let Some(scale) = Scale::of_rows() else { return ExitCode::SUCCESS };
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/full-stack/Cargo.toml");
    let mut run = Command::new(env!("CARGO"));
    run.args(["run", "--profile", scale.pick("production", "dev"), "--manifest-path", manifest, "--"]);
    run.args(scale.pick(None, Some("--smoke")));
    match run.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
