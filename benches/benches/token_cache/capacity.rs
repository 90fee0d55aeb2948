//! Of a hundred calls, how many a cache answers that has room for a part of the users.

use std::io;

use benches::{
    Tenant, bare,
    crowd::Crowd,
    rows::{Sheet, Unit},
    scale::Scale,
    unsigned_user,
};
use mcp_auth_layer::VerifiedToken;
use mcp_obo::{Exchange, Target};
use tokio::runtime::Builder;

/// The parts of the users for which there is room, in hundredths.
const PARTS: [usize; 5] = [1, 2, 5, 10, 20];

/// As in the measurement of hits.
const EXPONENT: f64 = 0.99;

/// Short, so that a million of them fit into memory beside their callers.
const TOKEN: usize = 64;

/// Measures every part: first as many calls as there are users, unseen, then as many that count.
pub(crate) fn measure(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let users = scale.pick(1_000_000, 2_000);
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let tenant = Tenant::new();
    tenant.give(TOKEN);
    let callers: Vec<_> = (0..users).map(unsigned_user).collect();
    let weight = runtime.block_on(weight(&tenant, &callers[0]));
    let mut crowd = Crowd::zipf(users, EXPONENT);
    let order = crowd.draw(2 * users);
    for part in PARTS {
        let room = users * part / 100;
        let exchange = tenant.exchange().with_max_bytes((room * weight) as u64);
        let (what, note) =
            (format!("hit rate with room for {part} % of the users"), format!("{users} users, zipf 0.99"));
        let ours = runtime.block_on(ours(&tenant, &exchange, &callers, &order));
        sheet.noted(&what, "ours", ours, Unit::Percent, &note)?;
        sheet.noted(&what, "bare", runtime.block_on(theirs(room, &order)), Unit::Percent, &note)?;
        sheet.noted(&what, "limit", 100.0 * crowd.share_of(room), Unit::Percent, "always the most frequent users")?;
    }
    Ok(())
}

async fn ours(tenant: &Tenant, exchange: &Exchange, callers: &[VerifiedToken], order: &[u32]) -> f64 {
    let graph = Target::graph();
    let (unseen, counted) = order.split_at(order.len() / 2);
    let mut asked = 0;
    for part in [unseen, counted] {
        asked = tenant.exchanges();
        for user in part {
            exchange.token(&callers[*user as usize], &graph).await.expect("the endpoint always answers");
        }
        asked = tenant.exchanges() - asked;
    }
    100.0 * (1.0 - asked as f64 / counted.len() as f64)
}

async fn theirs(room: usize, order: &[u32]) -> f64 {
    let cache = bare::cache(room);
    let (unseen, counted) = order.split_at(order.len() / 2);
    let mut missed = 0;
    for part in [unseen, counted] {
        missed = 0;
        for user in part {
            let key = bare::key(*user as usize);
            if cache.get(&key).await.is_none() {
                missed += 1;
                cache.insert(key, bare::text(1)).await;
            }
        }
    }
    100.0 * (1.0 - f64::from(missed) / counted.len() as f64)
}

/// Finds out how many bytes the cache counts for one token: the least bound under which it is kept.
async fn weight(tenant: &Tenant, caller: &VerifiedToken) -> usize {
    let (mut too_little, mut enough) = (1, 1 << 14);
    while enough - too_little > 1 {
        let bound = usize::midpoint(too_little, enough);
        let exchange = tenant.exchange().with_max_bytes(bound as u64);
        let before = tenant.exchanges();
        // As many calls as make moka do all of its postponed work.
        for _ in 0..1_000 {
            exchange.token(caller, &Target::graph()).await.expect("the endpoint always answers");
        }
        if tenant.exchanges() - before == 1 { enough = bound } else { too_little = bound }
    }
    enough
}
