//! How many requests are under way at once; time is paused.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::fetch::{FetchError, HttpClient, TransportFault};
use tokio::time::Instant;

use crate::get;

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();
const WAIT: Duration = Duration::from_secs(2);

/// A client whose every answer takes `answer`, and the requests that reached it.
fn slow(answer: Duration) -> (HttpClient, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let service = tower::service_fn(move |_: Request<Bytes>| {
        count.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(answer).await;
            Ok::<_, Infallible>(Response::new(Bytes::new()))
        }
    });
    (HttpClient::new(service).with_concurrency(TWO, WAIT), sent)
}

fn ask(client: &HttpClient, url: &'static str) -> tokio::task::JoinHandle<(Result<(), FetchError>, Duration)> {
    let client = client.clone();
    tokio::spawn(async move {
        let start = Instant::now();
        (get(&client, url).await.map(drop), start.elapsed())
    })
}

#[tokio::test(start_paused = true)]
async fn the_next_request_waits_and_is_refused_after_the_bound() {
    let (client, sent) = slow(Duration::from_secs(60));
    let under_way = [ask(&client, "https://hung.example/"), ask(&client, "https://hung.example/")];
    tokio::task::yield_now().await;
    let (refused, waited) = ask(&client, "https://hung.example/other").await.unwrap();
    let error = refused.unwrap_err();
    assert!(matches!(error, FetchError::Busy { at_once: 2, waited: WAIT }), "{error:?}");
    assert_eq!((waited, error.fault()), (WAIT, None));
    assert_eq!(error.to_string(), "2 requests to the host are under way, and none ended within 2000 ms");
    assert_eq!(sent.load(Ordering::Relaxed), 2, "the third was never sent");
    for caller in under_way {
        caller.await.unwrap().0.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_request_is_sent_as_soon_as_one_ends() {
    let (client, _) = slow(Duration::from_secs(1));
    let callers: Vec<_> = (0..4).map(|_| ask(&client, "https://slow.example/")).collect();
    let mut took = Vec::new();
    for caller in callers {
        let (answer, elapsed) = caller.await.unwrap();
        answer.unwrap();
        took.push(elapsed.as_secs());
    }
    assert_eq!(took, [1, 1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_makes_room() {
    let (client, sent) = slow(Duration::from_secs(60));
    let leaving = [ask(&client, "https://hung.example/"), ask(&client, "https://hung.example/")];
    tokio::task::yield_now().await;
    for caller in leaving {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    ask(&client, "https://hung.example/").await.unwrap().0.unwrap();
    assert_eq!(sent.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_hangs_delays_no_request_to_another() {
    let (client, sent) = slow(Duration::from_secs(60));
    let hung: Vec<_> = (0..10).map(|_| ask(&client, "https://hung.example/")).collect();
    tokio::task::yield_now().await;
    let (answer, took) = ask(&client, "https://other.example/").await.unwrap();
    answer.unwrap();
    assert_eq!(took, Duration::from_secs(60), "sent at once");
    let mut refused = 0;
    for caller in hung {
        refused += usize::from(caller.await.unwrap().0.is_err());
    }
    assert_eq!((refused, sent.load(Ordering::Relaxed)), (8, 3));
}

#[tokio::test]
async fn the_ready_made_client_has_the_bound_of_its_limits() {
    let mute = crate::peers::mute().await;
    let at_once = NonZeroUsize::new(1).unwrap();
    let limits = crate::limits().with_concurrency(at_once).with_max_wait(Duration::from_millis(50));
    let client = HttpClient::reqwest(limits).unwrap();
    let url = format!("http://{mute}/");
    let (first, second) = tokio::join!(get(&client, &url), get(&client, &url));
    assert_eq!(first.unwrap_err().fault(), Some(TransportFault::Timeout));
    assert!(matches!(second, Err(FetchError::Busy { at_once: 1, .. })), "{second:?}");
}
