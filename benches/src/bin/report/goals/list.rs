//! The goals, in the order of the report.

use super::{
    Bound::{AtLeast, AtMost, Exactly},
    Goal,
    Kind::{Counted, Measured},
};
use crate::measured::{self, Gone};

const CACHE: &str = "token_cache";
const BEARER: &str = "bearer";
const STACK: &str = "full_stack";
const PEERS: &str = "peers";

/// The rows of the peer that does the whole work in Node.
const NODE: &str = "Node: express + MCP SDK + msal-node";

pub(super) const GOALS: &[Goal] = &[
    Goal {
        sentence: "A known token: what the layer adds ÷ a bare `moka::sync` get of one entry",
        kind: Measured,
        bound: AtMost(5.0),
        figure: |rows| Ok(added(rows, "a known token")? / rows.value(BEARER, "moka::sync get", "bare")?),
    },
    Goal {
        sentence: "A known token: what the layer adds ÷ what the best peer crate adds",
        kind: Measured,
        bound: AtMost(1.0 / 40.0),
        figure: |rows| to_best_peer(rows, "a known token"),
    },
    Goal {
        sentence: "A new token, without the layer ÷ raw aws-lc verify, digest and one JSON parse",
        kind: Measured,
        bound: AtMost(1.15),
        figure: |rows| {
            let limit = rows.value(BEARER, "verify + digest + one JSON parse", "limit")?;
            Ok(rows.value(BEARER, "Verifier::verify, uncached", "ours")? / limit)
        },
    },
    Goal {
        sentence: "A new token: what the layer adds ÷ what the best peer crate adds",
        kind: Measured,
        bound: AtMost(0.75),
        figure: |rows| to_best_peer(rows, "a new token"),
    },
    Goal {
        sentence: "A new token, without the layer: allocations",
        kind: Counted,
        bound: AtMost(15.0),
        figure: |rows| rows.value(BEARER, "an uncached verify, allocations", "ours"),
    },
    Goal {
        sentence: "A malformed token: what the layer adds ÷ a raw verify",
        kind: Measured,
        bound: AtMost(1.0 / 20.0),
        figure: |rows| to_verify(rows, "a malformed token"),
    },
    Goal {
        sentence: "The wrong issuer: what the layer adds ÷ a raw verify",
        kind: Measured,
        bound: AtMost(1.0 / 5.0),
        figure: |rows| to_verify(rows, "wrong issuer"),
    },
    Goal {
        sentence: "The wrong audience: what the layer adds ÷ a raw verify",
        kind: Measured,
        bound: AtMost(1.0 / 5.0),
        figure: |rows| to_verify(rows, "wrong audience"),
    },
    Goal {
        sentence: "The wrong tenant: what the layer adds ÷ a raw verify",
        kind: Measured,
        bound: AtMost(1.0 / 5.0),
        figure: |rows| to_verify(rows, "wrong tenant"),
    },
    Goal {
        sentence: "An expired token: what the layer adds ÷ a raw verify",
        kind: Measured,
        bound: AtMost(1.0 / 5.0),
        figure: |rows| to_verify(rows, "expired"),
    },
    Goal {
        sentence: "A bad signature: instructions that the layer adds ÷ those of an uncached verify",
        kind: Measured,
        bound: AtMost(1.1),
        figure: |rows| {
            let bare = rows.value(BEARER, "a known token, instructions", "bare")?;
            let bad = rows.value(BEARER, "a bad signature, instructions", "ours")?;
            Ok((bad - bare) / rows.value(BEARER, "an uncached verify, instructions", "ours")?)
        },
    },
    Goal {
        sentence: "Bytes that stay after a flood of bad signatures",
        kind: Measured,
        bound: AtMost(4_096.0),
        figure: |rows| rows.value(BEARER, "live bytes after a flood of bad signatures", "ours"),
    },
    Goal {
        sentence: "Bytes of a verified token",
        kind: Measured,
        bound: AtMost(1_600.0),
        figure: |rows| rows.value(BEARER, "bytes per verified token", "ours"),
    },
    Goal {
        sentence: "A cached token, 1 user ÷ bare moka",
        kind: Measured,
        bound: AtMost(1.25),
        figure: |rows| to_bare(rows, "OBO hit, 1 user, uniform"),
    },
    Goal {
        sentence: "A cached token, 1,000 users ÷ bare moka with as many",
        kind: Measured,
        bound: AtMost(1.25),
        figure: |rows| to_bare(rows, "OBO hit, 1,000 users, uniform"),
    },
    Goal {
        sentence: "A cached token, 10,000 users ÷ bare moka with as many",
        kind: Measured,
        bound: AtMost(1.25),
        figure: |rows| to_bare(rows, "OBO hit, 10,000 users, uniform"),
    },
    Goal {
        sentence: "A cached token, 100,000 users ÷ bare moka with as many",
        kind: Measured,
        bound: AtMost(1.25),
        figure: |rows| to_bare(rows, "OBO hit, 100,000 users, uniform"),
    },
    Goal {
        sentence: "A cached token, 1,000,000 users ÷ bare moka with as many",
        kind: Measured,
        bound: AtMost(1.25),
        figure: |rows| to_bare(rows, "OBO hit, 1,000,000 users, uniform"),
    },
    Goal {
        // What is left is moka's: some calls do its housekeeping.
        sentence: "A cached token: allocations of a call, moka's among them",
        kind: Counted,
        bound: AtMost(0.02),
        figure: |rows| rows.value(CACHE, "OBO hit, allocations", "ours"),
    },
    Goal {
        sentence: "A cached token: what two threads do ÷ what one does",
        kind: Measured,
        bound: AtLeast(1.5),
        figure: |rows| rows.value(CACHE, "OBO hit, 10,000 users, two threads' throughput to one's", "ours"),
    },
    Goal {
        sentence: "Bytes of a cached token beside its text",
        kind: Measured,
        bound: AtMost(400.0),
        figure: |rows| rows.value(CACHE, "bytes per cached token beside its text", "ours"),
    },
    Goal {
        sentence: "Upstream calls of a stampede, the most of any: 1,000 or 10,000 callers, half or the first of them cancelled",
        kind: Counted,
        bound: Exactly(1.0),
        figure: worst_stampede,
    },
    Goal {
        sentence: "Over HTTP, the layers alone, audit trail off: requests per second ÷ those of the same server without them",
        kind: Measured,
        bound: AtLeast(0.95),
        figure: |rows| {
            let share = "tools/list over HTTP, share of the rate without our layers";
            rows.value(STACK, share, "the layers alone, audit trail off")
        },
    },
    Goal {
        sentence: "Over HTTP, the whole server: the same, with the audit trail written, limits and counts",
        kind: Measured,
        bound: AtLeast(0.95),
        figure: |rows| rows.value(STACK, "tools/list over HTTP, share of the rate without our layers", "ours"),
    },
    Goal {
        sentence: "`getMessages`, 1 user: requests per second ÷ those of the Node stack",
        kind: Measured,
        bound: AtLeast(20.0),
        figure: |rows| to_node(rows, "getMessages, 1 user"),
    },
    Goal {
        sentence: "`getMessages`, 10,000 users: requests per second ÷ those of the Node stack",
        kind: Measured,
        bound: AtLeast(1_000.0),
        figure: |rows| to_node(rows, "getMessages, 10,000 users"),
    },
    Goal {
        sentence: "`getMessages`, 10,000 users: resident memory ÷ that of the Node stack",
        kind: Measured,
        bound: AtMost(1.0 / 5.0),
        figure: |rows| to_node(rows, "getMessages, 10,000 users, RSS"),
    },
];

/// Returns what the layer adds to the service that it stands before.
fn added(rows: &measured::Measured, what: &str) -> Result<f64, Gone> {
    Ok(rows.value(BEARER, what, "ours")? - bare_service(rows)?)
}

fn bare_service(rows: &measured::Measured) -> Result<f64, Gone> {
    rows.value(BEARER, "a known token", "bare")
}

fn to_best_peer(rows: &measured::Measured, what: &str) -> Result<f64, Gone> {
    Ok(added(rows, what)? / (rows.best_peer(BEARER, what)? - bare_service(rows)?))
}

fn to_verify(rows: &measured::Measured, what: &str) -> Result<f64, Gone> {
    Ok(added(rows, what)? / rows.value(BEARER, "verify", "limit")?)
}

fn to_bare(rows: &measured::Measured, what: &str) -> Result<f64, Gone> {
    Ok(rows.value(CACHE, what, "ours")? / rows.value(CACHE, what, "bare")?)
}

fn to_node(rows: &measured::Measured, what: &str) -> Result<f64, Gone> {
    Ok(rows.value(PEERS, what, "ours")? / rows.value(PEERS, what, NODE)?)
}

fn worst_stampede(rows: &measured::Measured) -> Result<f64, Gone> {
    let mut worst = 0.0_f64;
    for callers in ["1,000", "10,000"] {
        for how in ["", ", half of them cancelled", ", the first cancelled each turn"] {
            let what = format!("upstream calls of {callers} callers of one cold key{how}");
            worst = worst.max(rows.value(CACHE, &what, "ours")?);
        }
    }
    Ok(worst)
}
