//! The bearer layer around a service that does nothing: a token whose verdict is remembered, one that is judged from the
//! beginning, and refusals.
//!
//! Compare ratios inside one run; machines are noisy.

use std::{convert::Infallible, hint::black_box};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use http::{Request, Response, header::AUTHORIZATION};
use mcp_auth_layer::{BearerLayer, testing::TestTenant, verify::Verifier};
use tokio::runtime::Runtime;
use tower::{Layer, Service, ServiceExt, service_fn};

async fn inner(_: Request<()>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(Bytes::new()))
}

fn request(token: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().expect("a token is a header value");
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    request
}

fn bearer(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let tenant = TestTenant::new();
    let app = tenant.app().expect("the test tenant describes its app");
    let alice = || tenant.user("alice").scopes("access_as_user");
    let good = alice().token();
    let layer =
        |verifier: Verifier| BearerLayer::with_verifier(verifier).require_scope("access_as_user").expect("a scope");
    let mut group = criterion.benchmark_group("bearer");
    for (name, capacity, token, status) in [
        ("no layer", None, None, 200),
        ("remembered token", Some(10_000), Some(&good), 200),
        ("token judged from the beginning", Some(0), Some(&good), 200),
        ("forged token", Some(10_000), Some(&alice().forged().token()), 401),
        ("no token", Some(10_000), None, 401),
    ] {
        let verifier = Verifier::entra(&app).with_cache_capacity(capacity.unwrap_or(0));
        let ready = runtime.block_on(verifier.warm());
        assert_eq!(ready.as_str(), "ready");
        let mut service = layer(verifier).layer(service_fn(inner));
        if capacity.is_some() {
            let Ok(response) = runtime.block_on(service.call(request(token.map(String::as_str))));
            assert_eq!(response.status(), status, "{name}");
        }
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || request(token.map(String::as_str)),
                |request| match capacity {
                    None => black_box(runtime.block_on(service_fn(inner).oneshot(request))),
                    Some(_) => black_box(runtime.block_on(service.call(request))),
                },
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(all, bearer);
criterion_main!(all);
