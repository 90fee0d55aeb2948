//! The page, from the figures.

use std::{env::consts, fmt::Write as _, fs, thread};

use benches::DOWNSTREAM_TOKEN;

use crate::{
    Figures,
    load::{self, REPLICAS, RETURN, between, mean_life, per_caller_token, per_second},
    redis::{NAME, SEALING, Stored},
    units::{bytes, grouped, rate},
};

/// The numbers of users that the page speaks of.
const USERS: [usize; 3] = [1_000, 100_000, 10_000_000];

const MIB: usize = 1 << 20;

/// Writes the page.
pub(crate) fn render(figures: &Figures, redis: &Stored) -> String {
    [
        head(figures),
        memory(figures),
        bound(figures),
        latency(figures),
        store(redis),
        exchanges(),
        cold_start(),
        limits(),
    ]
    .concat()
}

fn head(figures: &Figures) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    format!(
        "What a number of users takes: memory, Redis, exchanges per second.\n\n\
         Written by `cargo bench -p benches --bench sizing -- --write`; change that program, not this page. *Measured* means \
         by it, on the machine below; *computed* means by the formula that stands there.\n\n\
         Machine: {cores} shared cores, {} {}, built for production{}.\n\n\
         A downstream token is taken to have {} bytes, a caller's token {}. One user has one downstream API and one caller's \
         token. Multiply by the APIs that a user reaches, and by two where clients fetch their next token long before the end \
         of the last.\n\n",
        consts::OS,
        consts::ARCH,
        busy().unwrap_or_default(),
        grouped(DOWNSTREAM_TOKEN),
        grouped(figures.caller_token),
    )
}

/// Says what else the machine had to do, where the system tells it as Linux does.
fn busy() -> Option<String> {
    let loads = fs::read_to_string("/proc/loadavg").ok()?;
    loads.split(' ').nth(1).map(|load| format!("; load average {load}, so the times are no better than their ratios"))
}

fn memory(figures: &Figures) -> String {
    let mut text = format!(
        "# Memory of a replica\n\n\
         The cache reckons {} bytes for a token of {}, and `Exchange::with_max_bytes` bounds the sum of that: users × {} and \
         a tenth more. It reckons generously, because users who come and go leave something behind for a while; in live bytes \
         a cache where nobody goes takes less. Verified tokens are the bearer layer's own: `Verifier::with_cache_capacity` \
         counts them, 10,000 unless told otherwise. They hold claims and no token; here with eight groups.\n\n\
         | users | live bytes per user | tokens, live | `with_max_bytes`, at least | live bytes per verified token | verified tokens, live | known |\n\
         |---|---|---|---|---|---|---|\n",
        grouped(figures.weight),
        grouped(DOWNSTREAM_TOKEN),
        grouped(figures.weight),
    );
    for users in USERS {
        let measured = figures.memories.iter().find(|memory| memory.users == users);
        let Some(of) = measured.or(figures.largest()) else { continue };
        let known = if measured.is_some() { "measured" } else { "computed from the row above" };
        let at_least = (users * figures.weight * 11 / 10).div_ceil(MIB);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} MiB | {} | {} | {known} |",
            grouped(users),
            grouped(of.token),
            bytes(users * of.token),
            grouped(at_least),
            grouped(of.verdict),
            bytes(users * of.verdict),
        );
    }
    text += "\nLive bytes are those that the code asked for. An empty cache takes some 0.2 MB, which the first row shares among \
             few; what the allocator needs for itself comes on top.";
    text += " No replica should hold 10,000,000 users: each needs room for those who call it between two of their own \
             exchanges, and a shared store keeps the rest.\n\n";
    text
}

fn bound(figures: &Figures) -> String {
    let bounded = &figures.bounded;
    format!(
        "# When the memory is too small\n\n\
         Nothing fails. The cache keeps whom it sees often, and the others' calls cost an exchange each. Measured with \
         {} MiB, room for {} users, while {} came one after the other: {} live bytes at the most, {:.0} % of the bound. \
         When they then called in no order, {:.0} of 100 calls needed an exchange, and all were served. The gauges of \
         `meter` tell the entries and bytes of a running service; hits that fall while bytes stand at the bound mean that \
         it is too small.\n\n",
        grouped(bounded.bound / MIB),
        grouped(bounded.bound / figures.weight),
        grouped(bounded.users),
        grouped(bounded.peak),
        100.0 * bounded.peak as f64 / bounded.bound as f64,
        bounded.misses,
    )
}

fn latency(figures: &Figures) -> String {
    let mut text = "# Latency of a hit\n\n\
         Ratios to the same hit in a cache of one user. *One user* calls while the others are silent: that is what the cache \
         itself does, and it does not grow. *In turn* every user calls as rarely as all others, so that whatever belongs \
         to him comes from main memory; a plain `HashMap` with the same keys and tokens, in the last column as a ratio to \
         itself, grows likewise. Real callers lie in between. Measured.\n\n\
         | users | one user | ns | in turn | ns | `HashMap` in turn | ns |\n\
         |---|---|---|---|---|---|---|\n"
        .to_owned();
    let Some(first) = figures.latencies.first() else { return text };
    for latency in &figures.latencies {
        let _ = writeln!(
            text,
            "| {} | {:.1} | {:.0} | {:.1} | {:.0} | {:.1} | {:.0} |",
            grouped(latency.users),
            latency.one / first.one,
            latency.one,
            latency.in_turn / first.in_turn,
            latency.in_turn,
            latency.map / first.map,
            latency.map,
        );
    }
    text + "\n"
}

fn store(redis: &Stored) -> String {
    let per_user = redis.entry + redis.mark;
    let mut text = format!(
        "# Redis\n\n\
         A sealed token takes {SEALING} bytes more than the token, under a name of {NAME}; beside it lies a mark of the user. \
         Redis {} takes {} bytes for the one and {} for the other, its own tables included (measured by `used_memory`). Both \
         are gone when their time is over. The table is users × {}.\n\n\
         | users | memory of the store, computed |\n\
         |---|---|\n",
        redis.version,
        grouped(redis.entry),
        grouped(redis.mark),
        grouped(per_user),
    );
    for users in USERS {
        let _ = writeln!(text, "| {} | {} |", grouped(users), bytes(users * per_user));
    }
    text += "\nCount the users of a day for the marks and those of 75 minutes for the tokens. Give `maxmemory` a quarter more; \
             what is evicted is exchanged again.\n\n";
    text
}

fn exchanges() -> String {
    let (served, renewed) = between();
    let each = per_caller_token();
    let mut text = format!(
        "# Exchanges per second\n\n\
         Entra draws the life of an access token between {:.0} and {:.0} minutes, {:.0} on average, for the caller's and the \
         downstream one alike. A token belongs to the caller's token that it was got for, so with every new one there is an \
         exchange: *at least* users × active share / {:.0} s, with the active share those who are at work at the same time. \
         Whoever never pauses has a second one when the downstream token serves less long, which is so in {:.0} of 100 \
         cases: *at most* {each:.2} times as many. Early renewal does not add to these, it moves them forward by five to six \
         minutes, to where nobody waits for them. It adds only where the caller's token lives long (up to 28 hours with \
         continuous access evaluation): one exchange in {renewed:.1} minutes in place of one in {served:.0}.\n\n\
         The last column is what happens without a shared store where every user's calls reach all of {REPLICAS:.0} replicas. \
         With the store, or where a user stays with a replica, the columns before it hold for any number of them. \
         All computed.\n\n\
         | users | a tenth active, at least | all active, at least | all active, at most | the same, {REPLICAS:.0} replicas that share nothing |\n\
         |---|---|---|---|---|\n",
        load::LIFE.0,
        load::LIFE.1,
        mean_life(),
        mean_life() * 60.0,
        100.0 * (each - 1.0),
    );
    for users in USERS {
        let all = users as f64;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            grouped(users),
            rate(per_second(all / 10.0, 1.0)),
            rate(per_second(all, 1.0)),
            rate(per_second(all, each)),
            rate(per_second(all, each) * REPLICAS),
        );
    }
    text + "\n"
}

fn cold_start() -> String {
    let mut text = format!(
        "# Cold start\n\n\
         A replica begins with an empty memory. If all of them begin at once and everybody is back within {:.0} minutes, there \
         are users / {RETURN:.0} s exchanges per second, times the replicas that each user reaches where nothing is shared; \
         a store that kept its tokens makes that none. A thousand callers who wait for the same token are one exchange in \
         any case. All computed.\n\n\
         | users | one exchange each | {REPLICAS:.0} replicas that share nothing | a store that is warm |\n\
         |---|---|---|---|\n",
        RETURN / 60.0,
    );
    for users in USERS {
        let burst = users as f64 / RETURN;
        let _ = writeln!(text, "| {} | {} | {} | 0 |", grouped(users), rate(burst), rate(burst * REPLICAS));
    }
    text + "\n"
}

fn limits() -> String {
    "# Entra's limits\n\n\
     For workforce tenants we know of no number that Microsoft publishes for the token endpoint. What it does is in its \
     documentation of MSAL.NET (*Throttling*): 429 with `Retry-After`, and AADSTS50196 where one user asks for the same again \
     and again. AADSTS90055 says that the whole tenant asks too much. This crate waits as long as it is told, for the user \
     alone, and for the whole tenant only with AADSTS90055.\n\n\
     For external tenants (customers) there are numbers, in *Microsoft Entra External ID: service limits and restrictions*: \
     200 requests a second for a tenant, 20 for an IP address, and the token endpoint counts as one. Against them, by the \
     tables above: 1,000 users are far below both. 100,000 that are all active stay below the tenant's limit, but need two \
     outgoing addresses; after a cold start they exceed it unless the store is warm. 10,000,000 that are all active \
     exceed it in any case.\n"
        .to_owned()
}
