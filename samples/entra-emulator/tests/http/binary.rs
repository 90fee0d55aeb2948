//! The program, as somebody at a terminal starts it.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use entra_emulator::TENANT_ID;

/// The program; it ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_prints_where_it_listens_and_serves_behind_its_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, tools) = (folder.path().join("ca.pem"), folder.path().join("tools"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_entra-emulator"));
    command.args(["--proxy-user", "corp:p:w", "--ca-out"]).arg(&ca).arg("--developer-tools").arg(&tools);
    let mut program = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let output = BufReader::new(program.0.stdout.take().unwrap());
    let lines: Vec<String> = output.lines().map(Result::unwrap).take_while(|line| line != "ready").collect();
    let printed: HashMap<_, _> = lines.iter().filter_map(|line| line.split_once(' ')).collect();
    let gateway = printed["gateway"].trim();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
    let proxy = reqwest::Proxy::https(gateway).unwrap().basic_auth("corp", "p:w");
    let http = reqwest::Client::builder().proxy(proxy).tls_certs_only([authority]).build().unwrap();
    let url = format!("https://login.microsoftonline.com/{TENANT_ID}/v2.0/.well-known/openid-configuration");
    assert_eq!(http.get(url).send().await.unwrap().status(), 200);
    for tool in ["az", "azd", "pwsh"] {
        assert!(tools.join(tool).is_file(), "{tool}");
    }
}
