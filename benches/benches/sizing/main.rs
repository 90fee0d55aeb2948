//! What a number of users takes: memory, Redis, exchanges per second.
//!
//! Prints the page of `mcp-obo` as the figures make it; `--write` puts it in its place, `--test` tries everything on a small
//! scale and checks that what stands there is what this program would write. Ends with 1 when a cache outgrows its bound, or
//! when hits slow down as users come.

mod check;
mod crowd;
mod heap;
mod latency;
mod load;
mod memory;
mod page;
mod redis;
mod units;

use std::{
    env, fs,
    io::{self, Write as _},
    process::ExitCode,
};

use crowd::Crowd;
use latency::Latency;
use memory::{Bounded, Memory};
use tokio::runtime::Builder;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../mcp-obo/src/manual/sizing.md");

/// What a cache takes beside its tokens, which only a small bound notices.
const FIXED: usize = 1 << 20;

/// What is measured, and on which scale.
struct Scale {
    users: &'static [usize],
    bound: usize,
    /// Bytes above the bound that are no fault.
    slack: usize,
    rounds: usize,
    hits: usize,
    stored: usize,
}

const FULL: Scale =
    Scale { users: &[1, 1_000, 10_000, 100_000], bound: 64 << 20, slack: 0, rounds: 11, hits: 100_000, stored: 50_000 };

const SMALL: Scale =
    Scale { users: &[1, 1_000, 10_000], bound: 4 << 20, slack: FIXED, rounds: 3, hits: 2_000, stored: 1_000 };

/// All that the page is made of, save what Redis says.
struct Figures {
    caller_token: usize,
    weight: usize,
    /// From the fewest users to the most.
    memories: Vec<Memory>,
    bounded: Bounded,
    latencies: Vec<Latency>,
}

impl Figures {
    async fn measure(scale: &Scale) -> Self {
        let most = scale.users.iter().copied().max().unwrap_or(1);
        let crowd = Crowd::gather(most).await;
        let mut memories = Vec::new();
        for &users in scale.users {
            memories.push(crowd.memory(users).await);
        }
        let weight = crowd.weight().await;
        let bounded = crowd.bounded(scale.bound).await;
        let caches: Vec<_> = memories.iter().map(|memory| (memory.users, &memory.exchange)).collect();
        let latencies = crowd.latencies(&caches, scale.rounds, scale.hits).await;
        Self { caller_token: crowd.tokens[0].len(), weight, memories, bounded, latencies }
    }

    fn largest(&self) -> Option<&Memory> {
        self.memories.last()
    }
}

fn main() -> ExitCode {
    match run(env::args().skip(1).find(|argument| argument != "--bench").as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be said, the exit code says it.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mode: Option<&str>) -> io::Result<()> {
    let scale = if mode == Some("--test") { &SMALL } else { &FULL };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(Figures::measure(scale));
    check::bound(&figures.bounded, scale.slack)?;
    check::latency(&figures.latencies)?;
    let Some(stored) = redis::measure(scale.stored)? else {
        return writeln!(
            io::stdout(),
            "sizing: no redis-server is installed, so there is no page to print or to check"
        );
    };
    let page = page::render(&figures, &stored);
    match mode {
        Some("--test") => check::page(&page, &fs::read_to_string(PAGE)?),
        Some("--write") => fs::write(PAGE, page),
        _ => io::stdout().write_all(page.as_bytes()),
    }
}
