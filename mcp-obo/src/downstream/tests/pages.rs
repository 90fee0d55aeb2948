//! Lists of several pages.

use std::num::NonZeroUsize;

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::*;

fn page(number: u32, link: Value) -> Answer {
    let mut body = json!({"value": [number]});
    if !link.is_null() {
        body["@odata.nextLink"] = link;
    }
    status(200, &[("request-id", "page-1")], &body.to_string())
}

fn link(skip: u32) -> Value {
    json!(format!("{BASE}/users?$skiptoken={skip}"))
}

/// Reads all pages, and the error that ended them.
async fn read(graph: &Downstream, limit: usize) -> (Vec<Value>, Option<DownstreamError>) {
    let user = user(&Tenant::granting()).await;
    let request = Request::get("/users").header("prefer", "odata.maxpagesize=1").body(Bytes::new()).unwrap();
    let mut pages = graph.pages(&user, request, at_most(limit));
    let (mut found, mut failed) = (Vec::new(), None);
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => found.push(page["value"][0].clone()),
            Err(error) => failed = Some(error),
        }
    }
    assert!(pages.next().await.is_none(), "an end is an end");
    (found, failed)
}

#[tokio::test]
async fn pages_follow_each_other_with_the_same_headers() {
    let api = Api::default();
    let graph = downstream(&api, vec![page(1, link(1)), page(2, link(2)), page(3, Value::Null)]);
    let (found, failed) = read(&graph, 3).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!(found, [json!(1), json!(2), json!(3)]);
    let requests = api.requests();
    assert_eq!(api.tokens(), [0, 0, 0]);
    assert!(requests.iter().all(|request| request.headers()["prefer"] == "odata.maxpagesize=1"));
    assert_eq!(requests[2].uri().to_string(), format!("{BASE}/users?$skiptoken=2"));
}

#[tokio::test]
async fn a_list_that_goes_on_is_an_error_and_not_an_end() {
    let api = Api::default();
    let endless = (0..3).map(|number| page(number, link(0))).collect();
    let (found, failed) = read(&downstream(&api, endless), 3).await;
    assert_eq!(found.len(), 3);
    assert!(matches!(failed, Some(DownstreamError::TooManyPages { limit: 3 })), "{failed:?}");
    assert_eq!(api.requests().len(), 3);
}

#[tokio::test]
async fn a_link_that_leads_away_is_not_followed() {
    for link in [
        json!("https://evil.example/v1.0/users"),
        json!("http://graph.microsoft.com/v1.0/users"),
        json!("https://graph.microsoft.com/beta/users"),
        json!("/v1.0/users"),
        json!(""),
        json!(7),
        json!({"href": "https://graph.microsoft.com/v1.0/users"}),
    ] {
        let api = Api::default();
        let (found, failed) = read(&downstream(&api, vec![page(1, link.clone())]), 9).await;
        assert!(matches!(failed, Some(DownstreamError::ForeignLink)), "{link}: {failed:?}");
        assert_eq!(found.len(), 1, "{link}: the page itself is good");
        assert_eq!(api.requests().len(), 1, "{link}");
        assert!(!failed.unwrap().to_string().contains("evil"));
    }
}

#[tokio::test]
async fn a_page_that_is_none_ends_the_list() {
    for (name, answer, kind) in [
        ("a refusal", status(403, &[("request-id", "page-1")], "{}"), "unexpected_status"),
        ("a web page", status(200, &[("request-id", "page-1")], "<html>"), "unreadable_page"),
        ("a list", status(200, &[("request-id", "page-1")], "[1]"), "unreadable_page"),
        ("half a page", status(200, &[("request-id", "page-1")], "{\"value\": ["), "unreadable_page"),
    ] {
        let api = Api::default();
        let (found, failed) = read(&downstream(&api, vec![page(1, link(1)), answer]), 9).await;
        let failed = failed.unwrap();
        assert_eq!((found.len(), failed.kind(), failed.request_id()), (1, kind, Some("page-1")), "{name}");
    }
}

fn at_most(pages: usize) -> NonZeroUsize {
    NonZeroUsize::new(pages).unwrap()
}

#[tokio::test]
async fn pages_are_a_stream_with_the_same_bound() {
    let user = user(&Tenant::granting()).await;
    let answers = || vec![page(1, link(1)), page(2, link(2)), page(3, Value::Null)];
    let api = Api::default();
    let pages: Vec<_> =
        downstream(&api, answers()).pages(&user, get("/users"), at_most(3)).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| &page["value"][0]).collect::<Vec<_>>(), [1, 2, 3]);

    let api = Api::default();
    let pages: Vec<_> = downstream(&api, answers()).pages(&user, get("/users"), at_most(2)).collect().await;
    let [Ok(first), Ok(second), Err(DownstreamError::TooManyPages { limit: 2 })] = &pages[..] else {
        panic!("{pages:?}")
    };
    assert_eq!((&first["value"][0], &second["value"][0]), (&json!(1), &json!(2)));
    assert_eq!(api.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_loses_no_page_and_asks_nothing_twice() {
    let api = Api::default();
    let recorder = api.clone();
    let http = HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
        let number = recorder.record(request);
        async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok::<_, Infallible>(if number == 0 { page(1, link(1)) } else { page(2, Value::Null) })
        }
    }));
    let graph = Downstream::new(http, Target::graph(), BASE).unwrap();
    let user = user(&Tenant::granting()).await;
    let mut pages = graph.pages(&user, get("/users"), at_most(9));
    for number in [1, 2] {
        assert!(tokio::time::timeout(Duration::from_secs(1), pages.next()).await.is_err());
        assert_eq!(pages.next().await.unwrap().unwrap()["value"][0], number);
        assert_eq!(api.requests().len(), number);
    }
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn nothing_is_read_before_it_is_wanted() {
    fn movable<T: Send + Unpin>(_: &T) {}
    let (tenant, api) = (Tenant::granting(), Api::default());
    let graph = downstream(&api, vec![page(1, link(1))]);
    let user = user(&tenant).await;
    let mut pages = graph.pages(&user, get("/users"), at_most(9));
    movable(&pages);
    assert_eq!((api.requests().len(), tenant.exchanges()), (0, 0));
    pages.next().await.unwrap().unwrap();
    drop(pages);
    assert_eq!(api.requests().len(), 1, "the second page was nobody's wish");
}

#[test]
fn a_single_link_can_be_followed_by_hand() {
    let graph = downstream(&Api::default(), Vec::new());
    assert_eq!(graph.next_link(&json!({"value": []})).unwrap(), None);
    assert_eq!(graph.next_link(&json!({"@odata.nextLink": null})).unwrap(), None);
    for name in ["@odata.nextLink", "nextLink"] {
        let next = graph.next_link(&json!({name: link(5)})).unwrap().unwrap();
        assert_eq!(next.to_string(), format!("{BASE}/users?$skiptoken=5"), "{name}");
    }
}
