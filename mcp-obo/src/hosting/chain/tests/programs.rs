//! Programs that the tests write.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::super::HostValues;

/// A folder of programs, and the host whose `PATH` begins with it.
pub(in super::super) struct Host(TempDir);

impl Host {
    pub(in super::super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a program. Another process does it: a file that this one has open for writing cannot be run, and tests that start
    /// programs beside this one would keep it open for a moment.
    pub(in super::super) fn with(self, program: &str, script: &str) -> Self {
        let mut writer = Command::new("/bin/sh");
        writer.args(["-c", "cat > \"$0\" && chmod +x \"$0\""]).arg(self.0.path().join(program));
        let mut child = writer.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        self
    }

    pub(in super::super) fn values(&self) -> HostValues {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let environment = [
            ("PATH", path.as_str()),
            ("HOME", "/nowhere"),
            ("HTTPS_PROXY", "http://proxy.example:3128"),
            ("AZURE_CLIENT_SECRET", "hunter2-azure"),
            ("GRAPH_CLIENT_SECRET", "hunter2-graph"),
            ("MCP_SEALING_KEYS", "hunter2-keys"),
        ];
        HostValues::new().with_environment(environment.map(|(name, value)| (name.into(), value.into())))
    }

    pub(in super::super) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(in super::super) fn left_behind(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(in super::super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.left_behind(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
    }
}
