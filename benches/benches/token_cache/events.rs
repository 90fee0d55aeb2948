//! What happens to a token in its life: a renewal that hits begin, and refusals that are remembered.

use std::{
    hint::black_box,
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use benches::{
    Tenant,
    rounds::Rounds,
    rows::{Sheet, Unit},
    scale::Scale,
    unsigned_user,
};
use mcp_auth_layer::clock::{FixedClock, UnixTime};
use mcp_obo::{ExchangeError, Target};
use tokio::{
    runtime::{Builder, Runtime},
    task::yield_now,
};

/// How old the tenant's tokens are when their renewal is due for certain, and they still serve.
const DUE: Duration = Duration::from_secs(4_000);

/// How many hits ask for one renewal, and how many calls repeat one refusal.
const CALLERS: u64 = 1_000;

/// Measures both.
pub(crate) fn measure(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    renewal(sheet, scale, &runtime)?;
    refusal(sheet, scale, &runtime)
}

fn renewal(sheet: &mut Sheet, scale: Scale, runtime: &Runtime) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let clock = FixedClock::at(UnixTime::from_secs(now.as_secs()));
    let tenant = Tenant::new();
    let (exchange, caller, graph) = (tenant.exchange_at(clock.clone()), unsigned_user(0), Target::graph());
    let hit = async || {
        black_box(exchange.token(&caller, &graph).await.expect("the endpoint always answers"));
    };
    let calls = runtime.block_on(async {
        hit().await;
        clock.advance(DUE);
        let before = tenant.exchanges();
        for _ in 0..CALLERS {
            hit().await;
            yield_now().await;
        }
        tenant.exchanges() - before
    });
    sheet.row("upstream calls of 1,000 hits while a renewal is due", "ours", calls as f64, Unit::Calls)?;

    let mut rounds = Rounds::new(scale);
    rounds.add_async(runtime, "ours", async |operations| {
        for _ in 0..operations {
            clock.advance(DUE);
            let before = tenant.exchanges();
            hit().await;
            while tenant.exchanges() == before {
                yield_now().await;
            }
            // The answer's own turn, and the one in which it is kept.
            yield_now().await;
            yield_now().await;
        }
    });
    for one in rounds.run() {
        let note = "the hit, and the exchange that it begins, network left out";
        sheet.noted("a hit that begins a renewal", &one.name, one.ns, Unit::Ns, note)?;
    }
    Ok(())
}

fn refusal(sheet: &mut Sheet, scale: Scale, runtime: &Runtime) -> io::Result<()> {
    let tenant = Tenant::new();
    tenant.refuse();
    let (exchange, caller, graph) = (tenant.exchange(), unsigned_user(0), Target::graph());
    let call = async || -> ExchangeError { exchange.token(&caller, &graph).await.expect_err("refused") };
    runtime.block_on(async {
        for _ in 0..CALLERS {
            black_box(call().await);
        }
    });
    let calls = tenant.exchanges();
    sheet.row("upstream calls of 1,000 that are refused", "ours", calls as f64, Unit::Calls)?;

    let mut rounds = Rounds::new(scale);
    rounds.add_async(runtime, "ours", async |operations| {
        for _ in 0..operations {
            black_box(call().await);
        }
    });
    for one in rounds.run() {
        sheet.row("a remembered refusal", &one.name, one.ns, Unit::Ns)?;
    }
    Ok(())
}
