//! One operation: a request is built, goes through a clone of the service as it does in a server, and its fate is checked.

use std::{convert::Infallible, iter, vec};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::runtime::Runtime;
use tower::{Service, ServiceExt};

use crate::cases::{Case, Verdict};

/// Returns what sends a case's tokens in turn, as often as it is told.
///
/// # Panics
/// What it returns panics when a token passes that must not, or is refused that must pass: its time would mean nothing.
pub fn sending<'a, S, B, R>(runtime: &'a Runtime, service: S, case: &'a Case) -> impl FnMut(u64) + 'a
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone + 'a,
    B: Default,
{
    let mut headers = Turn::of(&case.headers);
    move |operations| {
        let passed = runtime.block_on(async {
            let mut passed = 0;
            for _ in 0..operations {
                passed += u64::from(send(service.clone(), headers.next()).await);
            }
            passed
        });
        check(case, passed, operations);
    }
}

/// Returns what sends every one of a case's tokens once to a service, and then takes the next service.
///
/// # Panics
/// As what [`sending`] returns does.
pub fn sending_once<'a, S, B, R>(
    runtime: &'a Runtime,
    mut fresh: impl FnMut() -> S + 'a,
    case: &'a Case,
) -> impl FnMut(u64) + 'a
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone + 'a,
    B: Default,
{
    let mut left: vec::IntoIter<&HeaderValue> = Vec::new().into_iter();
    let mut service = fresh();
    move |operations| {
        let passed = runtime.block_on(async {
            let mut passed = 0;
            for _ in 0..operations {
                let header = match left.next() {
                    Some(header) => header,
                    None => {
                        service = fresh();
                        left = case.headers.iter().collect::<Vec<_>>().into_iter();
                        left.next().unwrap_or(&case.headers[0])
                    }
                };
                passed += u64::from(send(service.clone(), header).await);
            }
            passed
        });
        check(case, passed, operations);
    }
}

fn check(case: &Case, passed: u64, operations: u64) {
    let expected = if case.verdict == Verdict::Pass { operations } else { 0 };
    assert_eq!(passed, expected, "{}: of {operations} requests", case.what);
}

async fn send<S, B, R>(service: S, authorization: &HeaderValue) -> bool
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible>,
    B: Default,
{
    let Ok(response) = service.oneshot(request(authorization)).await;
    response.status() == StatusCode::OK
}

/// As a server hands it over: the value of a header is a share of the bytes that were read, not a copy.
fn request<B: Default>(authorization: &HeaderValue) -> Request<B> {
    let mut request = Request::new(B::default());
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_static("mcp.contoso.example"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    headers.insert(header::AUTHORIZATION, authorization.clone());
    request
}

/// All in turn, without end.
struct Turn<'a>(iter::Cycle<std::slice::Iter<'a, HeaderValue>>, &'a HeaderValue);

impl<'a> Turn<'a> {
    fn of(headers: &'a [HeaderValue]) -> Self {
        Self(headers.iter().cycle(), &headers[0])
    }

    fn next(&mut self) -> &'a HeaderValue {
        self.0.next().unwrap_or(self.1)
    }
}
