//! A process that serves until it is dropped.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _},
    process::{self, Stdio},
    thread::{self, JoinHandle},
};

use crate::{Failure, place, server::Role};

/// A running server.
#[derive(Debug)]
pub(crate) struct Child {
    process: process::Child,
    /// Where it answers, without a path.
    pub(crate) url: String,
}

/// Where a child's log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Log {
    /// Through a pipe, as to whoever collects logs.
    Read,
    /// Nowhere: written, but nobody is woken by it.
    Dropped,
}

impl Child {
    /// Starts this program again in another role, and waits until it listens.
    pub(crate) fn start(role: &Role, processor: Option<usize>) -> Result<Self, Failure> {
        Self::start_with(role, processor, Log::Read)
    }

    /// The same, with a choice of where its log goes.
    pub(crate) fn start_with(role: &Role, processor: Option<usize>, log: Log) -> Result<Self, Failure> {
        let mut process = place::on(processor, &env::current_exe()?)
            .args(role.arguments())
            // It ends when this end of the pipe does, however this program ends.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(if log == Log::Read { Stdio::piped() } else { Stdio::null() })
            .spawn()?;
        let log = process.stderr.take().map(read);
        let mut line = String::new();
        let said = process.stdout.take().ok_or("a child has no output")?;
        BufReader::new(said).read_line(&mut line)?;
        match line.trim().strip_prefix("listening ") {
            Some(url) => Ok(Self { process, url: url.to_owned() }),
            None => {
                let log = log.and_then(|log| log.join().ok()).unwrap_or_default();
                Err(format!("{} did not start: {log}", role.name()).into())
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

/// Reads what a child logs, as whoever collects logs does, and returns the beginning of it.
fn read(log: process::ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut log = BufReader::with_capacity(1 << 16, log);
        let mut begin = Vec::new();
        let _ = log.by_ref().take(8 << 10).read_to_end(&mut begin);
        let _ = io::copy(&mut log, &mut io::sink());
        String::from_utf8_lossy(&begin).into_owned()
    })
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
