//! A `redis-server` on a free port, gone with its value.

use std::{
    io,
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The servers that will do, by name.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

pub(crate) struct Server {
    program: &'static str,
    options: Vec<String>,
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl Server {
    /// Starts a server with these options; nothing, and a line that says so, when none is installed.
    pub(crate) fn start(options: &[&str]) -> Option<Self> {
        let Some(program) = PROGRAMS.into_iter().find(|program| is_installed(program)) else {
            eprintln!("SKIPPED: neither redis-server nor valkey-server is installed");
            return None;
        };
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut server = Self { program, options, port, folder, process: None };
        server.run();
        Some(server)
    }

    /// Starts it again on the same port, empty.
    pub(crate) fn run(&mut self) {
        let port = self.port.to_string();
        let fixed = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let mut command = Command::new(self.program);
        command.args(fixed).args(&self.options).current_dir(&self.folder);
        self.process = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        self.wait_until_it_answers();
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops the process without ending it: connections stay, and nothing answers.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn wake(&self) {
        self.signal("-CONT");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Asks as an operator would.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Output {
        let port = self.port.to_string();
        let program = self.program.replace("server", "cli");
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &port, "--no-auth-warning"]).args(self.cli_options()).args(arguments);
        command.current_dir(&self.folder).output().unwrap()
    }

    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.cli(arguments).stdout).trim().to_owned()
    }

    /// The names of all keys.
    pub(crate) fn names(&self) -> Vec<String> {
        self.ask(&["--scan"]).lines().map(str::to_owned).collect()
    }

    /// Everything in the server's memory, as it would write it to its disk.
    pub(crate) fn dump(&self) -> Vec<u8> {
        assert_eq!(self.ask(&["CONFIG", "SET", "rdbcompression", "no"]), "OK");
        assert_eq!(self.ask(&["SAVE"]), "OK");
        std::fs::read(self.folder.path().join("dump.rdb")).unwrap()
    }

    fn cli_options(&self) -> Vec<String> {
        let password = self.options.iter().skip_while(|option| *option != "--requirepass").nth(1);
        password.map_or_else(Vec::new, |password| vec!["-a".to_owned(), password.clone()])
    }

    fn wait_until_it_answers(&self) {
        let begun = Instant::now();
        // A server with TLS alone has no plain port to be asked at.
        let port = self.options.iter().skip_while(|option| *option != "--tls-port").nth(1);
        let port = port.map_or(self.port, |port| port.parse().unwrap());
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{} does not come up", self.program);
            std::thread::yield_now();
        }
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("the server runs");
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_installed(program: &str) -> bool {
    match Command::new(program).arg("--version").output() {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => panic!("{program}: {error}"),
    }
}
