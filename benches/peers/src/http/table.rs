//! The rows of the table `bearer` that are measured over HTTP: short runs on each server in turn, round after round.

use std::{
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use benches::{
    load::{Load, Outcome},
    rounds::median,
    rows::{Sheet, Unit},
    scale::Scale,
};
use http::{HeaderValue, Uri};

use super::{cores, server::BARE};
use crate::{
    cases::{self, Case},
    issuer::Issuer,
    stacks::{
        Failure, axum_jwt_auth, jwt_authorizer, oauth_resource_server, ours::WHO as OURS, tower_mcp, tower_oauth2,
    },
};

const RATE: &str = "req/s over HTTP, known token";
const COST: &str = "server CPU per request";

/// Measures all servers, and writes the rows.
///
/// # Errors
/// When a server does not come up, or refuses a request, or a row cannot be written.
pub fn write(scale: Scale, sheet: &mut Sheet) -> Result<(), Failure> {
    let issuer = Issuer::new()?;
    let known = cases::known(&issuer)?;
    let mut servers = servers(&issuer, &known)?;
    cores::keep_to(cores::OF_LOAD);
    for server in &mut servers {
        server.load.last(scale, Duration::from_millis(200), Duration::from_secs(1));
    }
    for round in 0..scale.pick(9, 1) {
        for turn in 0..servers.len() {
            let at = (round + turn) % servers.len();
            servers[at].ask()?;
        }
    }
    for server in servers {
        let (rate, cost) = (median(&server.rates), median(&server.costs));
        let note = format!(
            "one thread on one core, busy for {:.0} % of the time (where it is not, the rate is that of what asks); 16 connections that \
             stay open, what asks on another core; GET, no body",
            median(&server.busy)
        );
        sheet.noted(RATE, &server.who, rate, Unit::PerSecond, &note)?;
        sheet.noted(COST, &server.who, cost, Unit::Us, "user and kernel time of the process")?;
    }
    Ok(())
}

fn servers(issuer: &Issuer, known: &Case) -> Result<Vec<Server>, Failure> {
    let peers =
        [jwt_authorizer::PEER, tower_oauth2::PEER, axum_jwt_auth::PEER, oauth_resource_server::PEER, tower_mcp::PEER];
    let mut all = vec![(BARE, BARE.to_owned()), (OURS, OURS.to_owned())];
    for peer in peers {
        all.push((peer.name, peer.who()?));
    }
    let jwks = issuer.jwks();
    all.into_iter().map(|(name, who)| Server::start(name, who, &jwks, &known.headers[0])).collect()
}

/// A server in a process of its own, which ends with this.
struct Server {
    who: String,
    child: Child,
    load: Load,
    rates: Vec<f64>,
    costs: Vec<f64>,
    busy: Vec<f64>,
}

impl Server {
    fn start(name: &str, who: String, jwks: &str, authorization: &HeaderValue) -> Result<Self, Failure> {
        let mut child = Command::new(env::current_exe()?)
            .args(["serve", "--who", name, "--port", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        // It stays open as long as the server is wanted.
        let stdin = child.stdin.as_mut().ok_or("no standard input")?;
        writeln!(stdin, "{jwks}")?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut url)?;
        let mut load = Load::of(url.trim().parse::<Uri>().map_err(|why| format!("{who} did not come up: {why}"))?);
        load.tokens = vec![authorization.clone()];
        load.pids = vec![child.id()];
        Ok(Self { who, child, load, rates: Vec::new(), costs: Vec::new(), busy: Vec::new() })
    }

    fn ask(&mut self) -> Result<(), Failure> {
        let outcome: Outcome = self.load.run()?;
        if let Some(error) = &outcome.first_error {
            return Err(format!("{}: {} errors, such as: {error}", self.who, outcome.errors).into());
        }
        let cost = outcome.costs.first().ok_or_else(|| io::Error::other("the process was not watched"))?;
        self.rates.push(outcome.rps());
        self.costs.push(outcome.cpu_us(cost));
        self.busy.push(outcome.busy(cost));
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and then nothing is left to be done.
        drop(self.child.kill().and_then(|()| self.child.wait()));
    }
}
