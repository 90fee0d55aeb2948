//! What must hold: a cache within its bound, hits that do not slow down, and a page that says what was measured.

use std::io;

use crate::{latency::Latency, memory::Bounded};

/// How far the figures of the page may be from those of now, as a share.
const DRIFT: f64 = 0.1;

/// The row of the page that is measured again each time, and its column of live bytes.
const ROW: &str = "| 1,000 |";
const COLUMN: usize = 2;

/// Fails when a cache had more live bytes than it was allowed.
pub(crate) fn bound(bounded: &Bounded, slack: usize) -> io::Result<()> {
    let Bounded { bound, settled, peak, .. } = bounded;
    if *peak.max(settled) <= bound + slack {
        return Ok(());
    }
    Err(io::Error::other(format!("the cache was allowed {bound} bytes and had {peak}, and {settled} in the end")))
}

/// How much longer a hit may take among many users than alone: while the others are silent, and in turn with them, where main
/// memory has its part. A cache that looks through its entries would be slower by their number.
const SLOWER: (f64, f64) = (5.0, 50.0);

/// Fails when a hit takes the longer the more users there are.
pub(crate) fn latency(latencies: &[Latency]) -> io::Result<()> {
    let (Some(few), Some(many)) = (latencies.first(), latencies.last()) else { return Ok(()) };
    let (one, in_turn) = (many.one / few.one, many.in_turn / few.in_turn);
    if one <= SLOWER.0 && in_turn <= SLOWER.1 {
        return Ok(());
    }
    let users = many.users;
    Err(io::Error::other(format!(
        "among {users} users a hit takes {one:.1} times as long as alone, in turn {in_turn:.1}"
    )))
}

/// Fails when the page in its place is not one that the program would write now.
///
/// Its sentences must be the same but for their numbers, and the one figure that a small scale measures as well as a large
/// one must be near.
pub(crate) fn page(now: &str, written: &str) -> io::Result<()> {
    let stale = |why: String| Err(io::Error::other(format!("sizing.md is stale, write it again: {why}")));
    let (mut ours, mut theirs) = (sentences(now), sentences(written));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => break,
            (now, written) if now == written => {}
            (now, written) => return stale(format!("{written:?} would be {now:?}")),
        }
    }
    match (figure(now), figure(written)) {
        (Some(now), Some(written)) if (now / written - 1.0).abs() <= DRIFT => Ok(()),
        (now, written) => stale(format!("a user takes {now:?} bytes, not {written:?}")),
    }
}

/// All but the machine and the rows of tables, without numbers.
fn sentences(page: &str) -> impl Iterator<Item = String> {
    let is_row =
        |line: &str| line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(|one: char| one.is_ascii_digit()));
    let lines = page.lines().filter(move |line| !line.starts_with("Machine:") && !is_row(line));
    lines.map(|line| line.replace(|one: char| one.is_ascii_digit() || matches!(one, '.' | ','), ""))
}

fn figure(page: &str) -> Option<f64> {
    let row = page.lines().find(|line| line.starts_with(ROW))?;
    row.split('|').nth(COLUMN)?.trim().replace(',', "").parse().ok()
}
