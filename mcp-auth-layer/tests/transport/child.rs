//! The same tests in a process of their own, because the environment belongs to the whole process.

use std::{
    io::{BufRead, Write},
    process::{Command, Stdio},
};

use mcp_auth_layer::fetch::HttpClient;

use crate::{get, limits};

/// Runs the ready-made client in a process with these variables and no others, and returns what became of each URL.
pub(crate) async fn ask_with(variables: Vec<(&'static str, String)>, urls: Vec<String>) -> Vec<String> {
    tokio::task::spawn_blocking(move || {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child::the_child_asks_what_it_is_told", "--ignored", "--nocapture"])
            .env_clear()
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(urls.join("\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned())).collect()
    })
    .await
    .unwrap()
}

#[tokio::test]
#[ignore = "run by other tests, in a process of its own"]
async fn the_child_asks_what_it_is_told() {
    let client = HttpClient::reqwest(limits());
    for url in std::io::stdin().lock().lines() {
        let outcome = match &client {
            Ok(client) => match get(client, &url.unwrap()).await {
                Ok(answer) => format!("{} {}", answer.status().as_u16(), String::from_utf8_lossy(answer.body())),
                Err(error) => error.fault().map_or_else(|| error.to_string(), |fault| fault.kind().to_owned()),
            },
            Err(error) => format!("not built: {}", crate::texts(error)),
        };
        println!("{MARK}{outcome}");
    }
}

const MARK: &str = "outcome: ";
