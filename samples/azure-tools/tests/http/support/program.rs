//! The real program, with an environment of its own.

use std::{fs::File, process::Stdio, time::Duration};

use local_ports::free_port;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time,
};

use super::client;

/// Longer than anything here takes, shorter than a patient person.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program in a folder of its own. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    folder: TempDir,
    pub(crate) base: String,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts it with these options; the environment holds these variables and an address of its own.
    pub(crate) async fn start(options: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let base = format!("http://127.0.0.1:{}", free_port());
        let mut child = Command::new(env!("CARGO_BIN_EXE_azure-tools"))
            .args(["server", "start"])
            .args(options)
            .env_clear()
            .env("ASPNETCORE_URLS", &base)
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("stderr")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        Self { child, folder, base, input, output: BufReader::new(output).lines() }
    }

    /// Waits until it answers over HTTP.
    pub(crate) async fn serving(mut self) -> Self {
        let (client, url) = (client(), format!("{}/healthz", self.base));
        for _ in 0..600 {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return self;
            }
            assert_eq!(self.child.try_wait().unwrap(), None, "it ended: {}", self.said());
            time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not answer: {}", self.said());
    }

    /// Sends a request over standard input; returns the result.
    pub(crate) async fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.tell(&json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters})).await;
        let line = time::timeout(PATIENCE, self.output.next_line()).await.expect("it answers").unwrap();
        let line = line.unwrap_or_else(|| panic!("it ended: {}", self.said()));
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].clone()
    }

    /// Begins a session over standard input.
    pub(crate) async fn greet(&mut self) {
        let client = json!({"name": "test", "version": "1"});
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        self.ask("initialize", hello).await;
        self.tell(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    }

    pub(crate) async fn tell(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    /// Closes its standard input, as a client that needs it no more.
    pub(crate) fn leave(&mut self) {
        self.input = None;
    }

    /// Tells it to end, as whoever runs it does.
    #[cfg(unix)]
    pub(crate) fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// Waits until it has ended; tells whether well.
    pub(crate) async fn ended(&mut self) -> bool {
        time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap().success()
    }

    /// Waits until it has said this on standard error.
    pub(crate) async fn until_said(&self, words: &str) {
        let said = async {
            while !self.said().contains(words) {
                time::sleep(Duration::from_millis(50)).await;
            }
        };
        time::timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("{words} is not in {}", self.said()));
    }

    /// Returns what it said on standard error.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }
}
