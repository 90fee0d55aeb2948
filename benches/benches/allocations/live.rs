//! How many bytes are alive afterwards.

use std::io;

use allocation_counter::measure;
use benches::{
    DOWNSTREAM_TOKEN, Tenant, bare,
    rows::{Sheet, Unit},
    scale::Scale,
    unsigned_user,
    works::forged,
};
use mcp_auth_layer::{token::BearerToken, verify::Verifier};
use mcp_obo::Target;
use tokio::runtime::{Builder, Runtime};

/// Room for any entry of ours.
const AMPLE: usize = 4_096;

/// As many calls as make moka do all of its postponed work.
const SETTLING: usize = 2_000;

/// Measures what a cached token takes beside its text, fixed costs included.
pub(crate) fn cached_tokens(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let runtime = runtime()?;
    let users = scale.pick(100_000, 2_000);
    let (tenant, graph) = (Tenant::new(), Target::graph());
    let callers: Vec<_> = (0..users).map(unsigned_user).collect();
    let exchange = tenant.exchange().with_max_bytes((users * AMPLE) as u64);
    let ours = measure(|| {
        runtime.block_on(async {
            for caller in callers.iter().chain(vec![&callers[0]; SETTLING]) {
                exchange.token(caller, &graph).await.expect("the endpoint always answers");
            }
        });
    });
    assert_eq!(tenant.exchanges(), users as u64, "all are there");

    let cache = bare::cache(2 * users);
    let bare = measure(|| {
        runtime.block_on(async {
            for user in 0..users {
                cache.insert(bare::key(user), bare::text(DOWNSTREAM_TOKEN)).await;
            }
            cache.run_pending_tasks().await;
        });
    });
    assert_eq!(cache.entry_count(), users as u64, "all are there");
    let note = format!("{users} tokens of {DOWNSTREAM_TOKEN} bytes; live bytes, the allocator's own not counted");
    for (who, counted) in [("ours", ours), ("bare", bare)] {
        let each = counted.bytes_current as f64 / users as f64 - DOWNSTREAM_TOKEN as f64;
        sheet.noted("bytes per cached token beside its text", who, each, Unit::Bytes, &note)?;
    }
    Ok(())
}

/// Measures what a remembered verdict takes, fixed costs included.
pub(crate) fn verdicts(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let runtime = runtime()?;
    let tenant = Tenant::new();
    let tokens: Vec<_> = (0..scale.pick(5_000, 200)).map(|number| tenant.token(number)).collect();
    let verifier = tenant.verifier().clone().with_cache_capacity(2 * tokens.len() as u64);
    let counted = measure(|| {
        // Twice, so that the cache comes to do its work.
        for token in tokens.iter().chain(&tokens) {
            assert!(is_good(&runtime, &verifier, token));
        }
    });
    let each = counted.bytes_current as f64 / tokens.len() as f64;
    let note = format!("{} tokens of {} bytes", tokens.len(), tokens[0].len());
    sheet.noted("bytes per verified token", "ours", each, Unit::Bytes, &note)
}

/// Measures what stays after many forged tokens, each another one.
pub(crate) fn flood(sheet: &mut Sheet, scale: Scale) -> io::Result<()> {
    let runtime = runtime()?;
    let tenant = Tenant::new();
    let token = tenant.token(0);
    let verifier = tenant.verifier().clone();
    let forge = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            assert!(!is_good(&runtime, &verifier, &forged(&token, number)));
        }
    };
    let (warm, many) = scale.pick((1_000, 10_000), (100, 200));
    forge(0..warm);
    let counted = measure(|| forge(warm..warm + many));
    let note = format!("{many} of them, each another one");
    let what = "live bytes after a flood of bad signatures";
    // Below nothing when housekeeping has meanwhile freed what the first ones left; that is not the flood's doing.
    sheet.noted(what, "ours", counted.bytes_current.max(0) as f64, Unit::Bytes, &note)
}

fn is_good(runtime: &Runtime, verifier: &Verifier, token: &str) -> bool {
    runtime.block_on(verifier.verify(BearerToken::new(token))).is_ok()
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}
