//! `getMessages` from client to Graph and back, with an exchange that is cached: five messages, as clients ask for by default.

use std::{path::Path, time::Duration};

use benches::{
    load::{End, Outcome},
    rows::{Sheet, Unit},
    scale::Scale,
};
use serde_json::json;

use crate::{
    Failure,
    child::Child,
    mcp,
    place::Processors,
    server::{Audit, Role},
    summary::{ms, of, sound},
};

pub(crate) fn measure(
    sheet: &mut Sheet,
    scale: Scale,
    place: Processors,
    tenant: &Child,
    tokens: &Path,
) -> Result<(), Failure> {
    let tokens = mcp::authorizations(tokens, usize::MAX)?;
    for (named, users) in [("1 user", 1), ("10,000 users", tokens.len())] {
        let role = Role::Ours { tenant: tenant.url.clone(), audit: Audit::On };
        let child = Child::start(&role, place.server)?;
        let call = json!({"name": "getMessages", "arguments": {}});
        let mut load = mcp::load(&child, "tools/call", &call, r#""structuredContent""#)?;
        load.tokens = tokens[..users].to_vec();
        load.pids.push(tenant.pid());
        // Everybody once, so that every exchange is in the cache.
        load.end = End::Requests(users as u64);
        sound(load.run()?)?;
        load.last(scale, Duration::from_millis(500), Duration::from_secs(3));
        let outcomes = (0..scale.pick(5, 1)).map(|_| sound(load.run()?)).collect::<Result<Vec<_>, _>>()?;
        write(sheet, place, named, users, &outcomes)?;
    }
    Ok(())
}

fn write(sheet: &mut Sheet, place: Processors, named: &str, users: usize, outcomes: &[Outcome]) -> Result<(), Failure> {
    let what = format!("getMessages, {named}");
    let (own, graph) = (of(outcomes, |one| one.cpu_us(&one.costs[0])), of(outcomes, |one| one.cpu_us(&one.costs[1])));
    let bytes = of(outcomes, |one| one.bytes as f64 / one.requests as f64);
    let note = format!(
        "{users} users, 16 connections, answers of {bytes:.0} bytes; {}; the tenant and Graph took {graph:.0} µs per request",
        place.note(),
    );
    sheet.noted(&what, "ours", of(outcomes, Outcome::rps), Unit::PerSecond, &note)?;
    sheet.row(&format!("{what}, p50"), "ours", of(outcomes, |one| ms(one.p50)), Unit::Ms)?;
    sheet.row(&format!("{what}, p99"), "ours", of(outcomes, |one| ms(one.p99)), Unit::Ms)?;
    sheet.row(&format!("{what}, server CPU"), "ours", own / 1e3, Unit::Ms)?;
    sheet.row(&format!("{what}, RSS"), "ours", of(outcomes, |one| one.costs[0].rss_mb), Unit::Megabytes)?;
    Ok(())
}
