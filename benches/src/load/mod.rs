//! Requests over HTTP/1.1 connections that stay open, all on one thread, so that they can share a machine with the server.
//!
//! Without a rate each connection asks again as soon as it has an answer. With one, requests leave by a fixed schedule, and
//! time counts from the moment a request was due: a server that stands still is not spared the requests that wait for it.

mod connection;
mod end;
mod order;
mod outcome;
mod pace;
mod process;

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header::HOST};

use crate::scale::Scale;

use self::{connection::Connection, outcome::Tally, pace::Pace};
pub use self::{
    end::End,
    order::Order,
    outcome::Outcome,
    process::{Cost, Usage},
};

/// How long answers may take that are still under way at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many requests make a round of a smoke run: some for each connection.
const FEW: u64 = 160;

/// What to ask, how often, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Whom to ask, over plain HTTP.
    pub url: Uri,
    /// Sent with every request; `Host` is added.
    pub headers: HeaderMap,
    /// Posted with every request; without one, requests are GET.
    pub body: Option<Bytes>,
    /// Who asks: a token per caller.
    pub tokens: Vec<HeaderValue>,
    /// In which order they ask.
    pub order: Order,
    /// How many connections ask at the same time.
    pub connections: usize,
    /// What is not counted at the beginning.
    pub warm: Duration,
    /// When to stop.
    pub end: End,
    /// How many requests are due in each second, whatever the server does.
    pub rate: Option<f64>,
    /// What the first answer on each connection must contain; all others must be as long as that one.
    pub expect: Option<String>,
    /// Processes whose cost is told per request.
    pub pids: Vec<u32>,
}

impl Load {
    /// Asks one URL over 16 connections for five seconds, as fast as it answers.
    #[must_use]
    pub fn of(url: Uri) -> Self {
        Self {
            url,
            headers: HeaderMap::new(),
            body: None,
            tokens: Vec::new(),
            order: Order::InTurn,
            connections: 16,
            warm: Duration::ZERO,
            end: End::After(Duration::from_secs(5)),
            rate: None,
            expect: None,
            pids: Vec::new(),
        }
    }

    /// Makes a run last so long, after a time that does not count.
    ///
    /// In a smoke run it lasts a few requests instead: a busy machine may answer none in any time that is short.
    pub fn last(&mut self, scale: Scale, warm: Duration, span: Duration) {
        (self.warm, self.end) = scale.pick((warm, End::After(warm + span)), (Duration::ZERO, End::Requests(FEW)));
    }

    /// Asks, on this thread, until the end.
    ///
    /// # Errors
    /// When the server cannot be reached at the beginning, or a process that is to be watched does not exist.
    pub fn run(&self) -> io::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.clone().ask())
    }

    async fn ask(mut self) -> io::Result<Outcome> {
        let address = address(&self.url).await?;
        let host = self.url.authority().map_or_else(String::new, ToString::to_string);
        self.headers.insert(HOST, HeaderValue::try_from(host).map_err(io::Error::other)?);
        let order = self.order.drawn(self.tokens.len());
        let load = Arc::new(self);
        let mut connections = Vec::with_capacity(load.connections);
        for _ in 0..load.connections.max(1) {
            connections.push(Connection::open(Arc::clone(&load), address).await?);
        }
        let pace = Arc::new(Pace::begin(&load, order));
        let tasks: Vec<_> = connections.into_iter().map(|one| tokio::spawn(one.ask(Arc::clone(&pace)))).collect();
        tokio::time::sleep(load.warm).await;
        let before = load.usages()?;
        let at_the_end = match pace.closes() {
            Some(end) => {
                tokio::time::sleep_until(end).await;
                Some(load.usages()?)
            }
            None => None,
        };
        let mut all = Tally::default();
        for task in tasks {
            all.add(task.await.map_err(io::Error::other)?);
        }
        let after = at_the_end.map_or_else(|| load.usages(), Ok)?;
        all.lose(pace.unanswered(&all));
        let costs = before.iter().zip(&after).zip(&load.pids).map(|((before, after), pid)| after.since(before, *pid));
        Ok(all.outcome(pace.counted(), costs.collect()))
    }

    fn usages(&self) -> io::Result<Vec<Usage>> {
        self.pids.iter().map(|pid| Usage::of(*pid)).collect()
    }
}

async fn address(url: &Uri) -> io::Result<std::net::SocketAddr> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, format!("{url}: {what}"));
    if url.scheme_str() != Some("http") {
        return Err(bad("only plain HTTP is spoken here"));
    }
    let host = url.host().ok_or_else(|| bad("no host"))?;
    let mut found = tokio::net::lookup_host((host, url.port_u16().unwrap_or(80))).await?;
    found.next().ok_or_else(|| bad("no such host"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smoke_run_waits_for_its_answers() {
        let mut load = Load::of("http://127.0.0.1/".parse().unwrap());
        let (warm, span) = (Duration::from_millis(200), Duration::from_millis(1_500));
        load.last(Scale::Full, warm, span);
        assert_eq!((load.warm, load.end), (warm, End::After(warm + span)));
        load.last(Scale::Smoke, warm, span);
        assert_eq!((load.warm, load.end), (Duration::ZERO, End::Requests(FEW)));
        assert!(FEW > load.connections as u64, "everybody asks");
    }
}
