//! A token that is there, among a number of users, beside a bare cache with as many entries.

use std::{hint::black_box, io, sync::Arc, thread};

use benches::{
    DOWNSTREAM_TOKEN, Tenant,
    bare::{self, Bare, Key},
    crowd::Crowd,
    rounds::{Measured, Rounds},
    rows::{Sheet, Unit},
    scale::Scale,
    unsigned_user,
};
use mcp_auth_layer::VerifiedToken;
use mcp_obo::{Exchange, Target};
use tokio::runtime::{Builder, Runtime};

/// Users in the names of the rows, and in a smoke run.
const SIZES: [(usize, &str, usize); 5] = [
    (1, "1 user", 1),
    (1_000, "1,000 users", 10),
    (10_000, "10,000 users", 20),
    (100_000, "100,000 users", 50),
    (1_000_000, "1,000,000 users", 100),
];

/// From this many users on, tokens are short: with long ones the machine's memory would be what is measured.
const MANY: usize = 1_000_000;
const SHORT: usize = 64;

/// Room for any entry of ours.
const AMPLE: usize = 4_096;

/// How often a frequent user comes: the exponent that measurements of real traffic find.
const EXPONENT: f64 = 0.99;

/// Measures hits of every size.
pub(crate) fn measure(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    for (full, name, smoke) in SIZES {
        let users = scale.pick(full, smoke);
        let note = if full >= MANY { format!("downstream tokens of {SHORT} bytes") } else { String::new() };
        let both = runtime.block_on(Both::fill(users, if full >= MANY { SHORT } else { DOWNSTREAM_TOKEN }));
        let calls = both.tenant.exchanges();
        let mut rounds = Rounds::new(scale);
        let length = scale.pick(1 << 20, 1 << 10);
        both.add_to(&mut rounds, &runtime, Crowd::uniform(users).draw(length));
        both.add_to(&mut rounds, &runtime, Crowd::zipf(users, EXPONENT).draw(length));
        let measured = rounds.run();
        if both.tenant.exchanges() != calls {
            return Err(io::Error::other(format!("{name}: a hit reached the token endpoint")));
        }
        write(sheet, &format!("OBO hit, {name}, uniform"), &measured[..2], &note)?;
        write(sheet, &format!("OBO hit, {name}, zipf 0.99"), &measured[2..], &note)?;
        if full == 10_000 {
            both.on_two_threads(sheet, scale)?;
        }
    }
    Ok(())
}

fn write(sheet: &mut Sheet, what: &str, measured: &[Measured], note: &str) -> io::Result<()> {
    for one in measured {
        let spread = format!("middle half of the rounds within {:.0} %", one.spread * 100.0);
        let note = if note.is_empty() { spread } else { format!("{note}; {spread}") };
        sheet.noted(what, &one.name, one.ns, Unit::Ns, &note)?;
    }
    Ok(())
}

/// Both caches, filled with the same users.
struct Both {
    tenant: Tenant,
    exchange: Exchange,
    bare: Bare,
    /// Side by side: to fetch either from memory costs the same, whatever size it has.
    users: Vec<(VerifiedToken, Key)>,
}

impl Both {
    async fn fill(count: usize, token: usize) -> Self {
        let tenant = Tenant::new();
        tenant.give(token);
        let exchange = tenant.exchange().with_max_bytes((count * AMPLE) as u64);
        let bare = bare::cache(count * 2);
        let users: Vec<_> = (0..count).map(|number| (unsigned_user(number), bare::key(number))).collect();
        for (caller, key) in &users {
            // In turn, so that both lie in the same heap: one that is filled at a stretch has all of an entry on one page of
            // memory, and no server fills its cache like that.
            ours(&exchange, caller, &Target::graph()).await;
            bare.insert(*key, bare::text(token)).await;
        }
        assert_eq!(tenant.exchanges(), count as u64, "one exchange for each user");
        bare.run_pending_tasks().await;
        assert_eq!(bare.entry_count(), count as u64, "nothing was evicted");
        Self { tenant, exchange, bare, users }
    }

    fn add_to<'a>(&'a self, rounds: &mut Rounds<'a>, runtime: &'a Runtime, order: Vec<u32>) {
        let graph = Target::graph();
        let order = Arc::new(order);
        let mut turn = Turn::of(&order);
        rounds.add_async(runtime, "ours", async move |operations| {
            for _ in 0..operations {
                ours(&self.exchange, &self.users[turn.next()].0, &graph).await;
            }
        });
        let mut turn = Turn::of(&order);
        rounds.add_async(runtime, "bare", async move |operations| {
            for _ in 0..operations {
                theirs(&self.bare, &self.users[turn.next()].1).await;
            }
        });
    }

    /// Measures how much more two threads do than one, by the time that passes.
    fn on_two_threads(&self, sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
        let order = Arc::new(Crowd::uniform(self.users.len()).draw(scale.pick(1 << 16, 1 << 10)));
        let graph = &Target::graph();
        let mut rounds = Rounds::new(scale).by_wall();
        for threads in [1, 2] {
            let order = &order;
            rounds.add("ours", move |operations| {
                split(operations, threads, async |operations, offset| {
                    let mut turn = Turn::from(order, offset);
                    for _ in 0..operations {
                        ours(&self.exchange, &self.users[turn.next()].0, graph).await;
                    }
                });
            });
            rounds.add("bare", move |operations| {
                split(operations, threads, async |operations, offset| {
                    let mut turn = Turn::from(order, offset);
                    for _ in 0..operations {
                        theirs(&self.bare, &self.users[turn.next()].1).await;
                    }
                });
            });
        }
        let measured = rounds.run();
        for (one, two) in measured[..2].iter().zip(&measured[2..]) {
            let note = format!("{:.0} ns on one thread, by the time that passes", one.ns);
            let what = "OBO hit, 10,000 users, two threads' throughput to one's";
            sheet.noted(what, &one.name, one.ns / two.ns, Unit::Ratio, &note)?;
        }
        Ok(())
    }
}

async fn ours(exchange: &Exchange, caller: &VerifiedToken, graph: &Target) {
    black_box(exchange.token(caller, graph).await.expect("the endpoint always answers"));
}

async fn theirs(bare: &Bare, key: &Key) {
    black_box(bare.get(key).await.expect("nothing was evicted"));
}

/// Divides the operations among so many threads, each of which begins at another place.
fn split(operations: u64, threads: u64, work: impl AsyncFn(u64, usize) + Sync) {
    thread::scope(|scope| {
        for thread in 0..threads {
            let work = &work;
            scope.spawn(move || {
                let runtime = Builder::new_current_thread().build().expect("a runtime without drivers needs nothing");
                runtime.block_on(work(operations / threads, thread as usize * 7_919));
            });
        }
    });
}

/// Who is next.
struct Turn {
    order: Arc<Vec<u32>>,
    at: usize,
}

impl Turn {
    fn of(order: &Arc<Vec<u32>>) -> Self {
        Self::from(order, 0)
    }

    fn from(order: &Arc<Vec<u32>>, at: usize) -> Self {
        Self { order: Arc::clone(order), at: at % order.len() }
    }

    fn next(&mut self) -> usize {
        let at = self.at;
        self.at = if at + 1 == self.order.len() { 0 } else { at + 1 };
        self.order[at] as usize
    }
}
