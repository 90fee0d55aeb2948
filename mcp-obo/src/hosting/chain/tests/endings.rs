//! Developers' tools that do not come to an end.

use std::{fs, path::Path, time::Instant};

use super::{
    programs::Host,
    tools::{AZ, came},
    *,
};

#[tokio::test]
async fn what_writes_without_end_is_ended() {
    for (stream, script) in [("output", "echo $$ > \"$0.pid\"; yes"), ("errors", "echo $$ > \"$0.pid\"; yes >&2")] {
        let host = Host::new().with("az", script);
        let attempt = came(AZ, host.values()).await;
        assert!(attempt.reason().contains("more than 64 KiB"), "{stream}: {attempt:?}");
        gone(&host.read("az.pid"));
    }
}

const HANGS: &str = "sleep 300 & echo $! > \"$0.child\"; echo $$ > \"$0.pid.new\"; mv \"$0.pid.new\" \"$0.pid\"; wait";

/// Lets the program begin; real time goes by.
async fn begun(host: &Host) -> [String; 2] {
    let until = Instant::now() + Duration::from_secs(60);
    while !host.left_behind("az.pid").exists() {
        assert!(Instant::now() < until, "the program never began");
        tokio::task::yield_now().await;
    }
    [host.read("az.pid"), host.read("az.child")]
}

#[tokio::test]
async fn what_does_not_answer_is_ended_with_all_that_it_started() {
    let host = Host::new().with("az", HANGS);
    let values = host.values();
    let asked = tokio::spawn(async move { came(AZ, values).await });
    let started = begun(&host).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    let attempt = asked.await.unwrap();
    assert_eq!(attempt.reason(), "the Azure CLI did not answer within 30 s");
    assert_eq!(attempt.outcome(), Outcome::Failed);
    started.iter().for_each(|pid| gone(pid));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_ended() {
    let host = Host::new().with("az", HANGS);
    let values = host.values();
    let asked = tokio::spawn(async move { came(AZ, values).await });
    let started = begun(&host).await;
    asked.abort();
    assert!(asked.await.unwrap_err().is_cancelled());
    started.iter().for_each(|pid| gone(pid));
}

/// Asserts that a process ends; one that is dead and not yet collected has ended.
fn gone(pid: &str) {
    let status = format!("/proc/{}/stat", pid.trim());
    let lives = || fs::read_to_string(Path::new(&status)).is_ok_and(|stat| !stat.contains(") Z"));
    let until = Instant::now() + Duration::from_secs(20);
    while lives() {
        assert!(Instant::now() < until, "process {pid} is still there");
        std::thread::yield_now();
    }
}
