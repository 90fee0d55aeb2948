use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{HeaderValue, header::CACHE_CONTROL};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::advance};

use super::*;

const URL: &str = "https://vscode.dev/oauth/client-metadata.json";

/// A body and for how long it may be kept, or a fault.
type Page = Result<(String, &'static str), DocumentFault>;

/// A host that the test writes.
#[derive(Clone, Debug, Default)]
struct Host {
    /// What lies where; elsewhere is nothing.
    pages: Arc<Mutex<HashMap<String, Page>>>,
    asked: Arc<AtomicUsize>,
    under_way: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    hold: Option<Arc<Notify>>,
}

impl Host {
    fn put(&self, url: &str, page: Result<(&Value, &'static str), DocumentFault>) {
        let page = page.map(|(body, cache)| (body.to_string(), cache));
        self.pages.lock().unwrap().insert(url.to_owned(), page);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answer(&self, address: &Address) -> Result<Fetched, DocumentFault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let _under_way = UnderWay::begin(self);
        if let Some(hold) = &self.hold {
            hold.notified().await;
        }
        let page = self.pages.lock().unwrap().get(address.as_str()).cloned();
        let (body, cache) = page.unwrap_or(Err(DocumentFault::Status(404)))?;
        let headers = [(CACHE_CONTROL, HeaderValue::from_static(cache))].into_iter().collect();
        Ok(Fetched { body: body.into(), headers })
    }
}

impl DocumentSource for Host {
    fn fetch<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, Result<Fetched, DocumentFault>> {
        Box::pin(self.answer(address))
    }
}

/// Counted until it is answered or given up.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn begin(host: &Host) -> Self {
        let now = host.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        host.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(&host.under_way))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn written(name: &str) -> Value {
    json!({ "client_id": URL, "client_name": name, "redirect_uris": ["http://127.0.0.1/", "https://vscode.dev/redirect"] })
}

fn hosts() -> DocumentHosts {
    DocumentHosts::new(["vscode.dev", "claude.ai", "opencode.ai"]).unwrap()
}

fn documents(host: &Host) -> Documents {
    Documents::new(hosts(), host.clone())
}

async fn name(documents: &Documents) -> Result<String, DocumentFault> {
    Ok(documents.get(URL).await?.name.as_deref().unwrap_or_default().to_owned())
}

#[test]
fn only_a_plain_url_on_a_trusted_host_has_a_document() {
    let long = format!("https://vscode.dev/{}", "x".repeat(500));
    for (name, url, expected) in [
        ("VS Code's", URL, None),
        ("Claude Code's", "https://claude.ai/oauth/claude-code-client-metadata", None),
        ("Claude's", "https://claude.ai/oauth/mcp-oauth-client-metadata", None),
        ("opencode's", "https://opencode.ai/oauth/opencode/client.json", None),
        ("another host", "https://evil.example/client.json", Some(DocumentFault::Host)),
        ("a subdomain", "https://x.vscode.dev/client.json", Some(DocumentFault::Host)),
        ("a longer name", "https://vscode.dev.evil.example/client.json", Some(DocumentFault::Host)),
        ("a dot at the end", "https://vscode.dev./client.json", Some(DocumentFault::Host)),
        ("a look-alike", "https://xn--vscde-wqa.dev/client.json", Some(DocumentFault::Host)),
        ("plain http", "http://vscode.dev/client.json", Some(DocumentFault::Address)),
        ("no path", "https://vscode.dev", Some(DocumentFault::Address)),
        ("the root", "https://vscode.dev/", Some(DocumentFault::Address)),
        ("a port", "https://vscode.dev:8443/client.json", Some(DocumentFault::Address)),
        ("the default port", "https://vscode.dev:443/client.json", Some(DocumentFault::Address)),
        ("a user", "https://vscode.dev@evil.example/client.json", Some(DocumentFault::Address)),
        ("a password", "https://a:b@vscode.dev/client.json", Some(DocumentFault::Address)),
        ("an empty user", "https://@vscode.dev/client.json", Some(DocumentFault::Address)),
        ("a fragment", "https://vscode.dev/client.json#x", Some(DocumentFault::Address)),
        ("an empty fragment", "https://vscode.dev/client.json#", Some(DocumentFault::Address)),
        ("a query", "https://vscode.dev/client.json?x=1", Some(DocumentFault::Address)),
        ("dots", "https://vscode.dev/a/../client.json", Some(DocumentFault::Address)),
        ("a dot", "https://vscode.dev/./client.json", Some(DocumentFault::Address)),
        ("hidden dots", "https://vscode.dev/a/%2e%2E/client.json", Some(DocumentFault::Address)),
        ("an encoded slash", "https://vscode.dev/a%2fclient.json", Some(DocumentFault::Address)),
        ("a backslash", "https://vscode.dev\\client.json", Some(DocumentFault::Address)),
        ("upper case", "https://VSCODE.dev/client.json", Some(DocumentFault::Address)),
        ("a tab", "https://vscode.dev/cli\tent.json", Some(DocumentFault::Address)),
        ("a space before it", " https://vscode.dev/client.json", Some(DocumentFault::Address)),
        ("a letter beyond ASCII", "https://vscode.dev/clïent.json", Some(DocumentFault::Address)),
        ("an address", "https://127.0.0.1/client.json", Some(DocumentFault::Address)),
        ("an address as a number", "https://2130706433/client.json", Some(DocumentFault::Address)),
        ("an IPv6 address", "https://[::1]/client.json", Some(DocumentFault::Address)),
        ("three slashes", "https:///vscode.dev/client.json", Some(DocumentFault::Address)),
        ("too long", &long, Some(DocumentFault::Address)),
        ("nothing", "", Some(DocumentFault::Address)),
    ] {
        assert_eq!(Address::read(url, &hosts()).err(), expected, "{name}");
    }
}

#[test]
fn a_trusted_host_is_a_name_and_nothing_else() {
    for (host, expected) in [
        ("vscode.dev", true),
        ("clients.contoso.com", true),
        ("VSCODE.dev", false),
        ("*.vscode.dev", false),
        (".vscode.dev", false),
        ("vscode.dev.", false),
        ("vscode.dev:443", false),
        ("https://vscode.dev", false),
        ("vscode.dev/x", false),
        ("localhost", false),
        ("metadata", false),
        ("127.0.0.1", false),
        ("0x7f.1", false),
        ("[::1]", false),
        ("", false),
    ] {
        assert_eq!(DocumentHosts::new([host]).is_ok(), expected, "{host:?}");
    }
    let nobody = DocumentHosts::new([]).unwrap();
    assert_eq!(Address::read(URL, &nobody), Err(DocumentFault::Host), "an empty list trusts nobody");
}

#[test]
fn a_document_speaks_for_its_own_url_and_has_no_secret() {
    let address = Address::read(URL, &hosts()).unwrap();
    let with = |name: &str, value: Value| {
        let mut document = written("x");
        document[name] = value;
        document.to_string()
    };
    let many: Vec<String> = (0..51).map(|number| format!("http://127.0.0.1/{number}")).collect();
    let fault = |fault| Err(fault);
    for (name, body, expected) in [
        ("plain", written("x").to_string(), Ok(2)),
        ("method none", with("token_endpoint_auth_method", json!("none")), Ok(2)),
        ("other members", with("logo_uri", json!({ "x": [] })), Ok(2)),
        ("no name", with("client_name", Value::Null), Ok(2)),
        (
            "redirects that are none",
            with("redirect_uris", json!(["vscode://x", "http://a@b/", "http://127.0.0.1/"])),
            Ok(1),
        ),
        ("no redirect that is one", with("redirect_uris", json!(["vscode://x"])), fault(DocumentFault::NoRedirect)),
        ("no redirect", with("redirect_uris", json!([])), fault(DocumentFault::NoRedirect)),
        ("too many", with("redirect_uris", json!(many)), fault(DocumentFault::Malformed)),
        ("another's id", with("client_id", json!("https://vscode.dev/other.json")), fault(DocumentFault::OtherId)),
        ("its id with a slash", with("client_id", json!(format!("{URL}/"))), fault(DocumentFault::OtherId)),
        (
            "its id in capitals",
            with("client_id", json!(URL.replace("vscode", "VSCODE"))),
            fault(DocumentFault::OtherId),
        ),
        ("no id", with("client_id", Value::Null), fault(DocumentFault::Malformed)),
        ("a secret", with("client_secret", json!("x")), fault(DocumentFault::Method)),
        (
            "a secret's method",
            with("token_endpoint_auth_method", json!("client_secret_post")),
            fault(DocumentFault::Method),
        ),
        ("a key's method", with("token_endpoint_auth_method", json!("private_key_jwt")), fault(DocumentFault::Method)),
        ("a long name", with("client_name", json!("x".repeat(81))), fault(DocumentFault::Malformed)),
        ("HTML", "<!doctype html>".to_owned(), fault(DocumentFault::Malformed)),
        ("nothing", String::new(), fault(DocumentFault::Malformed)),
    ] {
        let read = Document::read(&address, body.as_bytes()).map(|document| document.redirects.len());
        assert_eq!(read, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_is_read_once_while_it_lives() {
    let host = Host::default();
    host.put(URL, Ok((&written("one"), "max-age=600")));
    let documents = documents(&host);
    assert_eq!(name(&documents).await.as_deref(), Ok("one"));
    host.put(URL, Ok((&written("two"), "max-age=600")));
    advance(Duration::from_secs(599)).await;
    assert_eq!((name(&documents).await.as_deref(), host.asked()), (Ok("one"), 1));
    advance(Duration::from_secs(1)).await;
    assert_eq!((name(&documents).await.as_deref(), host.asked()), (Ok("two"), 2));
}

#[tokio::test(start_paused = true)]
async fn the_last_good_document_stays_while_its_host_fails_for_a_week() {
    let host = Host::default();
    host.put(URL, Ok((&written("one"), "max-age=600")));
    let documents = documents(&host);
    name(&documents).await.unwrap();
    host.put(URL, Err(DocumentFault::Status(404)));
    advance(Duration::from_secs(600)).await;
    assert_eq!((name(&documents).await.as_deref(), host.asked()), (Ok("one"), 2));
    advance(Duration::from_secs(59)).await;
    assert_eq!((name(&documents).await.as_deref(), host.asked()), (Ok("one"), 2), "not asked again for a minute");
    advance(Duration::from_secs(1)).await;
    assert_eq!((name(&documents).await.as_deref(), host.asked()), (Ok("one"), 3));
    advance(LAST_GOOD).await;
    assert_eq!(name(&documents).await, Err(DocumentFault::Status(404)));
    host.put(URL, Ok((&written("two"), "")));
    advance(Duration::from_secs(60)).await;
    assert_eq!(name(&documents).await.as_deref(), Ok("two"));
}

#[tokio::test(start_paused = true)]
async fn a_publisher_who_takes_a_client_back_is_heard_at_once() {
    let with = |member: &str, value: Value| {
        let mut document = written("one");
        document[member] = value;
        document
    };
    let (none, other) = (with("redirect_uris", json!([])), with("client_id", json!("https://vscode.dev/new.json")));
    let key = with("token_endpoint_auth_method", json!("private_key_jwt"));
    for (name, page, expected) in [
        ("no redirect any more", Ok((&none, "")), DocumentFault::NoRedirect),
        ("another client", Ok((&other, "")), DocumentFault::OtherId),
        ("a client with a key", Ok((&key, "")), DocumentFault::Method),
        ("gone", Err(DocumentFault::Status(410)), DocumentFault::Status(410)),
    ] {
        let host = Host::default();
        host.put(URL, Ok((&written("one"), "max-age=600")));
        let documents = documents(&host);
        self::name(&documents).await.unwrap();
        host.put(URL, page);
        advance(Duration::from_secs(600)).await;
        for _ in 0..2 {
            assert_eq!(self::name(&documents).await, Err(expected), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_wrong_is_not_tried_again_for_a_minute() {
    let host = Host::default();
    let documents = documents(&host);
    for _ in 0..5 {
        assert_eq!(name(&documents).await, Err(DocumentFault::Status(404)));
    }
    assert_eq!(host.asked(), 1);
    host.put(URL, Ok((&written("one"), "")));
    advance(Duration::from_secs(60)).await;
    assert_eq!(name(&documents).await.as_deref(), Ok("one"));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_hangs_is_given_up_after_five_seconds() {
    let host = Host { hold: Some(Arc::new(Notify::new())), ..Host::default() };
    let documents = documents(&host);
    let begun = Instant::now();
    assert_eq!(name(&documents).await, Err(DocumentFault::Unreachable));
    assert_eq!(begun.elapsed(), MAX_WAIT);
}

#[tokio::test(start_paused = true)]
async fn all_who_want_the_same_document_wait_for_one_answer() {
    let hold = Arc::new(Notify::new());
    let host = Host { hold: Some(Arc::clone(&hold)), ..Host::default() };
    host.put(URL, Ok((&written("one"), "")));
    let documents = documents(&host);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let documents = documents.clone();
            tokio::spawn(async move { name(&documents).await })
        })
        .collect();
    tokio::task::yield_now().await;
    hold.notify_one();
    for one in waiting {
        assert_eq!(one.await.unwrap().as_deref(), Ok("one"));
    }
    assert_eq!(host.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn made_up_urls_are_asked_for_a_few_at_a_time_and_crowd_nobody_out() {
    let host = Host::default();
    host.put(URL, Ok((&written("one"), "max-age=86400")));
    let documents = documents(&host);
    name(&documents).await.unwrap();
    for number in 0..3_000 {
        let url = format!("https://vscode.dev/made-up/{number}");
        assert_eq!(documents.get(&url).await.err(), Some(DocumentFault::Status(404)));
    }
    documents.failed.run_pending_tasks().await;
    assert!(documents.failed.entry_count() <= MAX_DOCUMENTS);
    let before = host.asked();
    assert_eq!((name(&documents).await.as_deref(), host.asked()), (Ok("one"), before), "still kept");

    let slow = Host { hold: Some(Arc::new(Notify::new())), ..Host::default() };
    let documents = self::documents(&slow);
    let waiting = (0..100).map(|number| {
        let documents = documents.clone();
        tokio::spawn(async move { documents.get(&format!("https://vscode.dev/{number}")).await.err() })
    });
    for one in waiting.collect::<Vec<_>>() {
        assert!(matches!(one.await.unwrap(), Some(DocumentFault::Unreachable | DocumentFault::Busy)));
    }
    assert_eq!(slow.most.load(Ordering::SeqCst), AT_ONCE);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_got_no_turn_is_not_taken_for_a_bad_one() {
    let hold = Arc::new(Notify::new());
    let host = Host { hold: Some(Arc::clone(&hold)), ..Host::default() };
    host.put(URL, Ok((&written("one"), "")));
    let documents = documents(&host);
    let flood = (0..AT_ONCE * 2).map(|number| {
        let documents = documents.clone();
        tokio::spawn(async move { documents.get(&format!("https://vscode.dev/{number}")).await.err() })
    });
    let flood: Vec<_> = flood.collect();
    tokio::task::yield_now().await;
    let refused = name(&documents).await.unwrap_err();
    assert!(refused.is_passing(), "{refused}");
    for one in flood {
        one.abort();
    }
    tokio::task::yield_now().await;
    hold.notify_one();
    advance(Duration::from_secs(1)).await;
    assert_eq!(name(&documents).await.as_deref(), Ok("one"), "a second later, and not a minute");
}

#[test]
fn only_what_may_pass_by_itself_is_said_to_be_passing() {
    for (fault, expected) in [
        (DocumentFault::Unreachable, true),
        (DocumentFault::Busy, true),
        (DocumentFault::Status(503), true),
        (DocumentFault::Status(429), true),
        (DocumentFault::Status(404), false),
        (DocumentFault::Status(302), false),
        (DocumentFault::NotPublic, false),
        (DocumentFault::Host, false),
        (DocumentFault::Malformed, false),
    ] {
        assert_eq!(fault.is_passing(), expected, "{fault}");
    }
}
