//! A Redis or Valkey server of one's own, for tests and benches: on a free port, in a folder of its own, gone with its value.
//!
//! What goes wrong here ends the test; where no server is installed, a line says so and the test can be skipped.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod tls;

use std::{
    io,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use local_ports::free_port;
use tempfile::TempDir;

pub use self::tls::TlsServer;

/// The servers that will do, by name.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// A running server, or one that was killed and can be run again.
#[derive(Debug)]
pub struct Server {
    program: &'static str,
    options: Vec<String>,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl Server {
    /// Starts a server with these options; nothing, and a line that says so, when none is installed.
    ///
    /// # Panics
    /// When one is installed and does not start.
    #[must_use]
    pub fn start(options: &[&str]) -> Option<Self> {
        let Some(program) = PROGRAMS.into_iter().find(|program| is_installed(program)) else {
            eprintln!("SKIPPED: neither redis-server nor valkey-server is installed");
            return None;
        };
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut server = Self { program, options, port, folder, process: None };
        server.run();
        Some(server)
    }

    /// Starts it again on the same port, empty.
    ///
    /// # Panics
    /// When it does not start, or does not answer within 20 s.
    pub fn run(&mut self) {
        let port = self.port.to_string();
        let fixed = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let mut command = Command::new(self.program);
        command.args(fixed).args(&self.options).current_dir(&self.folder);
        self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts"));
        self.wait_until_it_answers();
    }

    /// Ends the process at once, as a crash does.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it is ours");
            process.wait().expect("it was started here");
        }
    }

    /// Stops the process without ending it: connections stay, and nothing answers.
    ///
    /// # Panics
    /// When it was killed.
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    /// Lets a process go on that [hangs](Self::hang).
    ///
    /// # Panics
    /// When it was killed.
    pub fn wake(&self) {
        self.signal("-CONT");
    }

    /// Returns the port on 127.0.0.1 where it speaks without TLS.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL of that port, without a password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Asks as an operator would, by the server's own command-line client.
    ///
    /// # Panics
    /// When that client is not installed.
    #[must_use]
    pub fn cli(&self, arguments: &[&str]) -> Output {
        let port = self.port.to_string();
        let program = self.program.replace("server", "cli");
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &port, "--no-auth-warning"]).args(self.cli_options()).args(arguments);
        command.current_dir(&self.folder).output().expect("the client is installed with the server")
    }

    /// Returns what the server says to this command, as text.
    ///
    /// # Panics
    /// As [`cli`](Self::cli).
    pub fn ask(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.cli(arguments).stdout).trim().to_owned()
    }

    /// Returns the names of all keys.
    ///
    /// # Panics
    /// As [`cli`](Self::cli).
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.ask(&["--scan"]).lines().map(str::to_owned).collect()
    }

    /// Returns everything in the server's memory, as it would write it to its disk.
    ///
    /// # Panics
    /// When it does not write it.
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        assert_eq!(self.ask(&["CONFIG", "SET", "rdbcompression", "no"]), "OK");
        assert_eq!(self.ask(&["SAVE"]), "OK");
        std::fs::read(self.folder.path().join("dump.rdb")).expect("it was written")
    }

    fn cli_options(&self) -> Vec<String> {
        let password = self.options.iter().skip_while(|option| *option != "--requirepass").nth(1);
        password.map_or_else(Vec::new, |password| vec!["-a".to_owned(), password.clone()])
    }

    fn wait_until_it_answers(&self) {
        let begun = Instant::now();
        // A server with TLS alone has no plain port to be asked at.
        let port = self.options.iter().skip_while(|option| *option != "--tls-port").nth(1);
        let port = port.map_or(self.port, |port| port.parse().expect("a port is a number"));
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{} does not come up", self.program);
            std::thread::yield_now();
        }
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server runs");
        assert!(
            Command::new("kill")
                .args([signal, &process.id().to_string()])
                .status()
                .expect("kill is installed")
                .success()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_installed(program: &str) -> bool {
    match Command::new(program).arg("--version").output() {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => panic!("{program}: {error}"),
    }
}
