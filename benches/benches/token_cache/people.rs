//! What a person watches while working on the cache: hits per second, misses, and a stampede.

use std::{cell::Cell, hint::black_box};

use benches::Tenant;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use mcp_auth_layer::VerifiedToken;
use mcp_obo::{Exchange, Target};
use tokio::runtime::Runtime;

const STAMPEDE: usize = 1_000;

fn hits(criterion: &mut Criterion, runtime: &Runtime, tenant: &Tenant) {
    let mut group = criterion.benchmark_group("hit");
    group.throughput(Throughput::Elements(1));
    for users in [1, 1_000, 10_000] {
        let exchange = tenant.exchange();
        let callers = runtime.block_on(fill(tenant, &exchange, users));
        let graph = Target::graph();
        let before = tenant.exchanges();
        let turn = Cell::new(0_usize);
        group.bench_function(BenchmarkId::new("users", users), |bencher| {
            bencher.to_async(runtime).iter(|| {
                // A stride that is prime to every size visits all users, in no order that a cache likes.
                turn.set((turn.get() + 7_919) % users);
                let (exchange, graph, caller) = (&exchange, &graph, &callers[turn.get()]);
                async move { black_box(exchange.token(caller, graph).await.expect("the endpoint always answers")) }
            });
        });
        assert_eq!(tenant.exchanges(), before, "a hit never reaches the token endpoint");
    }
    group.finish();
}

async fn fill(tenant: &Tenant, exchange: &Exchange, users: usize) -> Vec<VerifiedToken> {
    let mut callers = Vec::with_capacity(users);
    for number in 0..users {
        let caller = tenant.user(number).await;
        exchange.token(&caller, &Target::graph()).await.expect("the endpoint always answers");
        callers.push(caller);
    }
    callers
}

fn misses(criterion: &mut Criterion, runtime: &Runtime, tenant: &Tenant) {
    let mut group = criterion.benchmark_group("miss");
    group.throughput(Throughput::Elements(1));
    let caller = runtime.block_on(tenant.user(0));
    group.bench_function("without network", |bencher| {
        bencher.to_async(runtime).iter_batched(
            || tenant.exchange(),
            |exchange| {
                let caller = &caller;
                async move {
                    black_box(exchange.token(caller, &Target::graph()).await.expect("the endpoint always answers"))
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn stampede(criterion: &mut Criterion, runtime: &Runtime, tenant: &Tenant) {
    let mut group = criterion.benchmark_group("stampede");
    group.throughput(Throughput::Elements(STAMPEDE as u64)).sample_size(10);
    let caller = runtime.block_on(tenant.user(0));
    group.bench_function(BenchmarkId::new("callers of one cold key", STAMPEDE), |bencher| {
        bencher.to_async(runtime).iter_batched(
            || tenant.exchange(),
            |exchange| {
                let before = tenant.exchanges();
                let caller = caller.clone();
                async move {
                    let tasks: Vec<_> = (0..STAMPEDE)
                        .map(|_| {
                            let (exchange, caller) = (exchange.clone(), caller.clone());
                            tokio::spawn(async move { exchange.token(&caller, &Target::graph()).await.is_ok() })
                        })
                        .collect();
                    for task in tasks {
                        assert!(task.await.expect("no caller panics"));
                    }
                    assert_eq!(tenant.exchanges() - before, 1, "one exchange serves them all");
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn token_cache(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let tenant = Tenant::new();
    hits(criterion, &runtime, &tenant);
    misses(criterion, &runtime, &tenant);
    stampede(criterion, &runtime, &tenant);
}

criterion_group!(groups, token_cache);

/// Runs what the command line asks for.
pub(crate) fn run() {
    groups();
    Criterion::default().configure_from_args().final_summary();
}
