//! Where and of what a run was made.

use std::{fs, io, process::Command, thread};

use benches::scale::Scale;
use jiff::Zoned;

/// What a reader must know to compare figures with his own.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) system: String,
    pub(crate) rustc: String,
    pub(crate) commit: String,
    pub(crate) date: String,
    pub(crate) command: &'static str,
}

impl Machine {
    /// Looks at this machine and this repository.
    pub(crate) fn of_this_run(scale: Scale) -> io::Result<Self> {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let name =
            release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map(|name| name.trim_matches('"'));
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpus.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
        Ok(Self {
            processor: model.map_or(std::env::consts::ARCH, |(_, model)| model.trim()).to_owned(),
            cores: thread::available_parallelism()?.get(),
            system: format!("{} ({})", name.unwrap_or(std::env::consts::OS), std::env::consts::ARCH),
            rustc: said("rustc", &["--version"]),
            commit: commit(),
            date: Zoned::now().date().to_string(),
            command: scale.pick("benches/run", "benches/run --smoke"),
        })
    }
}

fn commit() -> String {
    // What this program writes is not what was measured.
    let status = ["-C", env!("CARGO_MANIFEST_DIR"), "status", "--porcelain", "--", "..", ":!RESULTS.md", ":!plots"];
    let changed = !said("git", &status).is_empty();
    let commit = said("git", &["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short=12", "HEAD"]);
    format!("{commit}{}", if changed { ", with changes" } else { "" })
}

/// Returns what a program prints, or nothing where it is not there.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}
