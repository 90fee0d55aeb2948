//! The real program, with an environment of its own.

use std::{
    fs::{self, File},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use local_ports::free_port;
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
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
}

/// What is left of a program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts it; the environment holds these variables and a free `PORT`, the folder this `.env.local`.
    pub(crate) async fn start(arguments: &[&str], variables: &[(&str, &str)], env_local: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = env_local {
            fs::write(folder.path().join(".env.local"), text).unwrap();
        }
        let port = free_port();
        let output = |name: &str| Stdio::from(File::create(folder.path().join(name)).unwrap());
        let child = Command::new(env!("CARGO_BIN_EXE_message-center"))
            .args(arguments)
            .env_clear()
            .env("PORT", port.to_string())
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, folder, base: format!("http://127.0.0.1:{port}") }
    }

    /// Waits until it answers.
    pub(crate) async fn serving(mut self) -> Self {
        let (client, url) = (client(), format!("{}/healthz", self.base));
        for _ in 0..600 {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return self;
            }
            assert_eq!(self.child.try_wait().unwrap(), None, "it ended: {}", self.read("stderr"));
            time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not answer: {}", self.read("stderr"));
    }

    /// Writes to its standard input and closes that.
    pub(crate) async fn tell(&mut self, text: &str) {
        let mut input = self.child.stdin.take().unwrap();
        input.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends SIGTERM, as every supervisor does first.
    pub(crate) async fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.child.id().unwrap());
        assert!(Command::new("sh").args(["-c", &kill]).status().await.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Ended {
        let status = time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        Ended { status, stdout: self.read("stdout"), stderr: self.read("stderr") }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}
