//! A token that must be asked for, with the network left out.

use std::{cell::RefCell, hint::black_box, io};

use benches::{
    DOWNSTREAM_TOKEN, Tenant,
    bare::{self, Bare},
    rounds::Rounds,
    rows::{Sheet, Unit},
    scale::Scale,
    unsigned_user,
};
use mcp_auth_layer::VerifiedToken;
use mcp_obo::{Exchange, Target};
use tokio::runtime::Builder;

/// After so many misses the cache is a new one: else every round would meet a larger one.
const FRESH: usize = 1_000;

/// How many entries a cache holds that is to evict, and how many of them come in turn: nearly all have left again.
const BOUND: usize = 200;
const IN_TURN: usize = 20_000;

/// Room for any entry of ours; for the bound, about what one takes.
const AMPLE: usize = 4_096;

/// Measures misses with room for all, and at the bound.
pub(crate) fn measure(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let tenant = Tenant::new();
    let users = scale.pick(IN_TURN, FRESH);
    let callers: Vec<_> = (0..users).map(unsigned_user).collect();
    let graph = Target::graph();
    let roomy = || tenant.exchange().with_max_bytes((FRESH * AMPLE) as u64);
    let (fresh, fresh_bare) = (RefCell::new((roomy(), 0)), RefCell::new((bare::cache(2 * FRESH), 0)));
    let bounded = tenant.exchange().with_max_bytes((BOUND * AMPLE) as u64);
    let bounded_bare = bare::cache(BOUND);
    let (mut turn, mut turn_bare) = (0, 0);

    let mut rounds = Rounds::new(scale);
    rounds.add_async(&runtime, "ours", async |operations| {
        for _ in 0..operations {
            let (exchange, at) = next(&fresh, roomy);
            ours(&exchange, &callers[at], &graph).await;
        }
    });
    rounds.add_async(&runtime, "bare", async |operations| {
        for _ in 0..operations {
            let (cache, at) = next(&fresh_bare, || bare::cache(2 * FRESH));
            theirs(&cache, at).await;
        }
    });
    rounds.add_async(&runtime, "ours", async |operations| {
        for _ in 0..operations {
            turn = (turn + 1) % users;
            ours(&bounded, &callers[turn], &graph).await;
        }
    });
    rounds.add_async(&runtime, "bare", async |operations| {
        for _ in 0..operations {
            turn_bare = (turn_bare + 1) % users;
            theirs(&bounded_bare, turn_bare).await;
        }
    });
    let measured = rounds.run();
    let note = format!("a new cache after {FRESH}; bare: get, then insert");
    for one in &measured[..2] {
        sheet.noted("a miss, network left out", &one.name, one.ns, Unit::Ns, &note)?;
    }
    let note = format!("room for some hundred entries, {users} users in turn; bare: get, then insert");
    for one in &measured[2..] {
        sheet.noted("a miss at the bound, network left out", &one.name, one.ns, Unit::Ns, &note)?;
    }
    Ok(())
}

/// Returns the cache and the next user that it does not know.
fn next<T: Clone>(state: &RefCell<(T, usize)>, fresh: impl Fn() -> T) -> (T, usize) {
    let mut state = state.borrow_mut();
    if state.1 == FRESH {
        *state = (fresh(), 0);
    }
    state.1 += 1;
    (state.0.clone(), state.1 - 1)
}

async fn ours(exchange: &Exchange, caller: &VerifiedToken, graph: &Target) {
    black_box(exchange.token(caller, graph).await.expect("the endpoint always answers"));
}

async fn theirs(cache: &Bare, user: usize) {
    let key = bare::key(user);
    if cache.get(&key).await.is_none() {
        cache.insert(key, bare::text(DOWNSTREAM_TOKEN)).await;
    }
}
