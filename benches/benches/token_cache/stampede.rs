//! Many callers of one token that nobody has asked for yet: how many reach the token endpoint.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use benches::{
    Tenant, bare,
    rows::{Sheet, Unit},
    unsigned_user,
};
use mcp_obo::Target;
use tokio::{runtime::Builder, task::yield_now};

/// How many turns of the scheduler an answer takes: enough that everybody waits for it.
const TURNS: usize = 64;

/// Who leaves while the answer is awaited.
#[derive(Clone, Copy)]
enum Leaving {
    Nobody,
    EverySecond,
    /// The first, then who is the first then, and so on.
    TheFirstEachTurn,
}

/// Counts calls for each crowd and each way to keep them few.
pub(crate) fn measure(sheet: &mut Sheet) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    for (callers, name) in [(1_000, "1,000"), (10_000, "10,000")] {
        for (leaving, how) in [
            (Leaving::Nobody, ""),
            (Leaving::EverySecond, ", half of them cancelled"),
            (Leaving::TheFirstEachTurn, ", the first cancelled each turn"),
        ] {
            let what = format!("upstream calls of {name} callers of one cold key{how}");
            let calls = |calls: u64| calls as f64;
            sheet.row(&what, "ours", calls(runtime.block_on(ours(callers, leaving))), Unit::Calls)?;
            let moka = runtime.block_on(coalesced(callers, leaving));
            sheet.row(&what, "moka's own coalescing", calls(moka), Unit::Calls)?;
        }
        let what = format!("upstream calls of {name} callers of one cold key");
        let naive = runtime.block_on(get_then_insert(callers));
        sheet.row(&what, "moka: get, then insert", naive as f64, Unit::Calls)?;
    }
    Ok(())
}

async fn ours(callers: usize, leaving: Leaving) -> u64 {
    let tenant = Tenant::new();
    tenant.wait(TURNS);
    let (exchange, caller) = (tenant.exchange(), unsigned_user(0));
    let call = || {
        let (exchange, caller) = (exchange.clone(), caller.clone());
        async move {
            exchange.token(&caller, &Target::graph()).await.expect("the endpoint always answers");
        }
    };
    crowd(callers, leaving, call).await;
    tenant.exchanges()
}

async fn coalesced(callers: usize, leaving: Leaving) -> u64 {
    let (cache, asked) = (bare::cache(10), Arc::new(AtomicU64::new(0)));
    let call = || {
        let (cache, asked) = (cache.clone(), Arc::clone(&asked));
        async move {
            let got = cache.try_get_with(bare::key(0), async { Ok::<_, Infallible>(upstream(&asked).await) }).await;
            got.expect("upstream always answers");
        }
    };
    crowd(callers, leaving, call).await;
    asked.load(Relaxed)
}

async fn get_then_insert(callers: usize) -> u64 {
    let (cache, asked) = (bare::cache(10), Arc::new(AtomicU64::new(0)));
    let call = || {
        let (cache, asked) = (cache.clone(), Arc::clone(&asked));
        async move {
            if cache.get(&bare::key(0)).await.is_none() {
                cache.insert(bare::key(0), upstream(&asked).await).await;
            }
        }
    };
    crowd(callers, Leaving::Nobody, call).await;
    asked.load(Relaxed)
}

async fn upstream(asked: &AtomicU64) -> Arc<str> {
    asked.fetch_add(1, Relaxed);
    for _ in 0..TURNS {
        yield_now().await;
    }
    bare::text(100)
}

/// Lets all come at once, some leave when all wait, and waits for the others.
async fn crowd<F>(callers: usize, leaving: Leaving, call: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let came = Arc::new(AtomicUsize::new(0));
    let waiting: Vec<_> = (0..callers).map(|_| tokio::spawn(counted(&came, call()))).collect();
    // A turn of the scheduler is some sixty tasks: whoever left before would never have asked.
    while came.load(Relaxed) < callers {
        yield_now().await;
    }
    match leaving {
        Leaving::Nobody => {}
        Leaving::EverySecond => {
            for caller in waiting.iter().step_by(2) {
                caller.abort();
            }
        }
        Leaving::TheFirstEachTurn => {
            for caller in &waiting[..callers / 2] {
                caller.abort();
                yield_now().await;
            }
        }
    }
    let mut left = 0;
    for caller in waiting {
        match caller.await {
            Ok(()) => {}
            Err(error) => {
                assert!(error.is_cancelled(), "no caller panics");
                left += 1;
            }
        }
    }
    match leaving {
        Leaving::Nobody => assert_eq!(left, 0, "everybody is served"),
        Leaving::EverySecond => assert_eq!(left, callers.div_ceil(2), "half of them waited, and left"),
        Leaving::TheFirstEachTurn => assert!(left > 0, "somebody waited, and left"),
    }
}

/// Counts a caller when he comes.
fn counted<F>(came: &Arc<AtomicUsize>, call: F) -> impl Future<Output = ()> + Send + use<F>
where
    F: Future<Output = ()> + Send,
{
    let came = Arc::clone(came);
    async move {
        came.fetch_add(1, Relaxed);
        call.await;
    }
}
