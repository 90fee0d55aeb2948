//! The cheapest call that needs a caller, over connections that stay open: the whole server beside the service alone.
//!
//! Where a process happens to lie in memory makes it a tenth faster or slower for as long as it lives, so each of them is
//! started anew several times.

use std::{path::Path, time::Duration};

use benches::{
    load::{Load, Outcome},
    rounds::median,
    rows::{Sheet, Unit},
    scale::Scale,
};
use serde_json::json;

use crate::{
    Failure,
    child::{Child, Log},
    mcp,
    place::Processors,
    server::{Audit, Role},
    summary::{ms, of, range, sound},
};

const OURS: &str = "ours";
const LOG_DROPPED: &str = "ours, log to /dev/null";
const WITHOUT_AUDIT: &str = "ours, audit trail off";
const LAYERS_ALONE: &str = "the layers alone, audit trail off";
const WITHOUT_LAYERS: &str = "without our layers";
/// The same once more: how far its share is from 1 is how much the other shares may be wrong.
const AGAIN: &str = "without our layers, another process";
const ALONE: &str = "rmcp alone";
const WHAT: &str = "tools/list over HTTP";

struct Server {
    who: &'static str,
    role: Role,
    log: Log,
    running: Option<Running>,
    outcomes: Vec<Outcome>,
}

/// One of the processes that a server is, one after the other.
struct Running {
    load: Load,
    _child: Child,
}

pub(crate) fn measure(
    sheet: &mut Sheet,
    scale: Scale,
    place: Processors,
    tenant: &Child,
    tokens: &Path,
) -> Result<(), Failure> {
    let tenant = tenant.url.clone();
    let mut servers = [
        (OURS, Role::Ours { tenant: tenant.clone(), audit: Audit::On }, Log::Read),
        (LOG_DROPPED, Role::Ours { tenant: tenant.clone(), audit: Audit::On }, Log::Dropped),
        (WITHOUT_AUDIT, Role::Ours { tenant: tenant.clone(), audit: Audit::Off }, Log::Read),
        (LAYERS_ALONE, Role::LayersAlone { tenant }, Log::Read),
        (WITHOUT_LAYERS, Role::WithoutLayers, Log::Read),
        (AGAIN, Role::WithoutLayers, Log::Read),
        (ALONE, Role::Alone, Log::Read),
    ]
    .map(|(who, role, log)| Server { who, role, log, running: None, outcomes: Vec::new() });
    for _ in 0..scale.pick(15, 1) {
        for server in &mut servers {
            server.start(scale, place, tokens)?;
        }
        // Short and many: a machine that others use, too, has good and bad seconds.
        for round in 0..scale.pick(3, 1) {
            for turn in 0..servers.len() {
                // Each time another one is first.
                let at = (round + turn) % servers.len();
                let outcome = sound(servers[at].load()?.run()?)?;
                servers[at].outcomes.push(outcome);
            }
        }
    }
    closed(sheet, place, &servers)?;
    shares(sheet, &servers)?;
    open(sheet, scale, &servers)
}

impl Server {
    /// Starts a new process in the place of the one that is running.
    fn start(&mut self, scale: Scale, place: Processors, tokens: &Path) -> Result<(), Failure> {
        self.running = None;
        let child = Child::start_with(&self.role, place.server, self.log)?;
        let load = load(&child, tokens, scale)?;
        sound(load.run()?)?;
        self.running = Some(Running { load, _child: child });
        Ok(())
    }

    fn load(&self) -> Result<&Load, Failure> {
        self.running.as_ref().map(|running| &running.load).ok_or_else(|| format!("{} is not running", self.who).into())
    }
}

fn load(child: &Child, tokens: &Path, scale: Scale) -> Result<Load, Failure> {
    let mut load = mcp::load(child, "tools/list", &json!({}), "getMessages")?;
    // The service without the layers gets the same requests, though it does not read the token.
    load.tokens = mcp::authorizations(tokens, 1)?;
    load.last(scale, Duration::from_millis(100), Duration::from_millis(500));
    Ok(load)
}

fn closed(sheet: &mut Sheet, place: Processors, servers: &[Server]) -> Result<(), Failure> {
    for Server { who, outcomes, .. } in once(servers) {
        let cpu = of(outcomes, |one| one.cpu_us(&one.costs[0]));
        let busy = of(outcomes, |one| one.busy(&one.costs[0]));
        let note = format!("16 connections; {}; the server was busy for {busy:.0} % of the time", place.note());
        sheet.noted(WHAT, who, of(outcomes, Outcome::rps), Unit::PerSecond, &note)?;
        sheet.row(&format!("{WHAT}, p50"), who, of(outcomes, |one| ms(one.p50)), Unit::Ms)?;
        sheet.row(&format!("{WHAT}, p99"), who, of(outcomes, |one| ms(one.p99)), Unit::Ms)?;
        sheet.noted(&format!("{WHAT}, server CPU"), who, cpu, Unit::Us, "in user and kernel mode, per request")?;
        sheet.row(&format!("{WHAT}, RSS"), who, of(outcomes, |one| one.costs[0].rss_mb), Unit::Megabytes)?;
    }
    Ok(())
}

/// Every kind of server, each of them once.
fn once(servers: &[Server]) -> impl Iterator<Item = &Server> {
    servers.iter().filter(|server| server.who != AGAIN)
}

/// Compares round by round: what disturbs one server disturbs its neighbours.
fn shares(sheet: &mut Sheet, servers: &[Server]) -> Result<(), Failure> {
    let outcomes_of =
        |name| servers.iter().filter(move |server| server.who == name).flat_map(|server| &server.outcomes);
    for who in [OURS, LOG_DROPPED, WITHOUT_AUDIT, LAYERS_ALONE, AGAIN] {
        let rounds = outcomes_of(who).zip(outcomes_of(WITHOUT_LAYERS));
        let shares: Vec<_> = rounds.map(|(own, other)| own.rps() / other.rps()).collect();
        let note = format!("round by round, {}", range(&shares));
        let what = format!("{WHAT}, share of the rate without our layers");
        sheet.noted(&what, who, median(&shares), Unit::Ratio, &note)?;
    }
    Ok(())
}

/// At half the rate that each of them can do, with time counted from when a request was due.
fn open(sheet: &mut Sheet, scale: Scale, servers: &[Server]) -> Result<(), Failure> {
    let mut seen: Vec<Vec<Outcome>> = once(servers).map(|_| Vec::new()).collect();
    for _ in 0..scale.pick(9, 1) {
        for (server, seen) in once(servers).zip(&mut seen) {
            let mut load = server.load()?.clone();
            load.rate = Some(of(&server.outcomes, Outcome::rps) / 2.0);
            seen.push(sound(load.run()?)?);
        }
    }
    for (server, seen) in once(servers).zip(&seen) {
        let note = format!("{:.0} requests a second by the clock", of(&server.outcomes, Outcome::rps) / 2.0);
        let what = format!("{WHAT}, open loop at half the rate");
        sheet.noted(&format!("{what}, p50"), server.who, of(seen, |one| ms(one.p50)), Unit::Ms, &note)?;
        sheet.noted(&format!("{what}, p99"), server.who, of(seen, |one| ms(one.p99)), Unit::Ms, &note)?;
    }
    Ok(())
}
