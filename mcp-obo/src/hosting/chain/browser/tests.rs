//! A person at a browser, played by the test: over real loopback connections, against a tenant that the test writes.

mod sessions;

use std::{
    collections::HashMap,
    future::ready,
    sync::{
        Mutex as StdMutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::Response;
use mcp_auth_layer::{authority::Endpoints, cloud::Cloud};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};

use super::{
    super::{
        tests::{alice, jwt, target},
        window::BrowserOptions,
    },
    *,
};
use crate::{
    Target,
    testtenant::{CLAIMS, LIFE, TENANT, Tenant, refused, status},
};

/// What a window shows: the parameters of Entra's sign-in page, and where to go from there.
#[derive(Clone, Debug)]
struct Window {
    address: Url,
    query: HashMap<String, String>,
}

impl Window {
    /// Goes back with this query; returns the page.
    async fn back(&self, query: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        self.get(&format!("/?{query}")).await.expect("somebody listens")
    }

    async fn get(&self, target: &str) -> Option<String> {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n")).await
    }

    async fn send(&self, request: &str) -> Option<String> {
        let mut stream = self.connect().await?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut page = String::new();
        stream.read_to_string(&mut page).await.ok()?;
        Some(page)
    }

    async fn connect(&self) -> Option<TcpStream> {
        let redirect = Url::parse(&self.query["redirect_uri"]).unwrap();
        assert_eq!((redirect.scheme(), redirect.host_str(), redirect.path()), ("http", Some("localhost"), "/"));
        TcpStream::connect(("127.0.0.1", redirect.port().unwrap())).await.ok()
    }

    fn state(&self) -> &str {
        &self.query["state"]
    }
}

/// A desk whose windows the test looks at.
#[derive(Debug)]
struct Desk {
    windows: mpsc::UnboundedSender<Window>,
    opened: Arc<AtomicUsize>,
}

impl Opener for Desk {
    fn open<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<()>> {
        let address = Url::parse(address).unwrap();
        let query = address.query_pairs().into_owned().collect();
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.windows.send(Window { address, query }).unwrap();
        Box::pin(ready(Ok(())))
    }
}

struct Seat {
    browser: Arc<Browser>,
    tenant: Tenant,
    windows: mpsc::UnboundedReceiver<Window>,
    opened: Arc<AtomicUsize>,
}

impl Seat {
    fn at(tenant: Tenant, base: &EntraApp, values: HostValues) -> Self {
        let (sender, windows) = mpsc::unbounded_channel();
        let opened = Arc::<AtomicUsize>::default();
        let desk = Desk { windows: sender, opened: Arc::clone(&opened) };
        let values = values.with_browser(BrowserOptions::default().with_opener(desk));
        Self { browser: Arc::new(Browser::new(base, &values)), tenant, windows, opened }
    }

    fn new(tenant: Tenant) -> Self {
        let app = tenant.app.clone();
        Self::at(tenant, &app, HostValues::new().with_tenant(TENANT))
    }

    fn ask(
        &self,
        target: &Target,
        challenge: Option<&'static str>,
    ) -> tokio::task::JoinHandle<Result<AccessToken, Miss>> {
        let (browser, target) = (Arc::clone(&self.browser), target.clone());
        tokio::spawn(async move { browser.token(Ask { target: &target, challenge }).await })
    }

    async fn window(&mut self) -> Window {
        self.windows.recv().await.unwrap()
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

fn answered(number: usize, claims: &Value) -> Response<Bytes> {
    let body = json!({"token_type": "Bearer", "expires_in": LIFE, "access_token": jwt(claims),
        "refresh_token": format!("refresh-{number}")});
    status(200, &[], &body.to_string())
}

fn signing_in() -> Tenant {
    Tenant::answering(|call| Box::pin(ready(answered(call.number, &alice()))))
}

#[tokio::test]
async fn somebody_signs_in_once_and_is_not_asked_again() {
    let mut seat = Seat::new(signing_in());
    let asked = seat.ask(&target(), None);
    let window = seat.window().await;
    assert!(
        window
            .address
            .as_str()
            .starts_with(&format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?"))
    );
    for (name, value) in [
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("scope", "https://storage.azure.com/.default offline_access"),
        ("prompt", "select_account"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(window.query[name], value, "{name}");
    }
    let page = window.back(&[("code", "the<code>"), ("state", window.state())]).await;
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("close this window"), "{page}");
    assert!(page.contains("default-src 'none'") && !page.contains("the<code>"), "{page}");
    assert_eq!(asked.await.unwrap().unwrap().expose_secret(), jwt(&alice()));
    let form = seat.tenant.calls()[0].form.clone();
    assert_eq!((&*form["grant_type"], &*form["code"]), ("authorization_code", "the<code>"));
    assert_eq!(form["redirect_uri"], window.query["redirect_uri"]);
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
    use base64::prelude::*;
    assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(challenge), window.query["code_challenge"]);
    assert_ne!(form["code_verifier"], window.state(), "who sees the address must not know the verifier");
    assert!(!form.contains_key("client_secret") && !form.contains_key("client_assertion"));
    // There is nobody for a second answer.
    assert!(window.connect().await.is_none());
    // Another API, and this one again, without anybody.
    for (number, resource) in ["https://vault.azure.net", "https://storage.azure.com"].into_iter().enumerate() {
        let other = Target::new(resource, &[".default"]).unwrap();
        seat.ask(&other, None).await.unwrap().unwrap();
        let form = seat.tenant.calls()[number + 1].form.clone();
        assert_eq!(
            (&*form["grant_type"], form["refresh_token"].clone()),
            ("refresh_token", format!("refresh-{number}"))
        );
        assert_eq!(form["scope"], format!("{resource}/.default offline_access"));
    }
    assert_eq!(seat.opened(), 1);
    let text = format!("{:?}", seat.browser);
    assert!(!text.contains("refresh-") && text.contains("is_signed_in: true"), "{text}");
}

#[tokio::test]
async fn what_is_not_the_answer_changes_nothing() {
    let mut seat = Seat::new(signing_in());
    let asked = seat.ask(&target(), None);
    let window = seat.window().await;
    let state = window.state().to_owned();
    // A connection on which nothing comes, as browsers open them, holds up nobody.
    let _idle = window.connect().await.unwrap();
    let other = state.chars().rev().collect::<String>();
    for (name, query) in [
        ("another state", format!("code=evil&state={other}")),
        ("no state", "code=evil".to_owned()),
        ("an empty state", "code=evil&state=".to_owned()),
        ("a part of the state", format!("code=evil&state={}", &state[..10])),
        ("the state twice", format!("code=evil&state={state}&state={state}")),
        ("neither code nor error", format!("state={state}")),
        ("code and error", format!("code=evil&error=x&state={state}")),
        ("a script", format!("code=<script>&state={other}")),
    ] {
        let page = window.get(&format!("/?{query}")).await.unwrap();
        assert!(
            page.starts_with("HTTP/1.1 400") && !page.contains("evil") && !page.contains("<script"),
            "{name}: {page}"
        );
    }
    for request in [
        format!("GET /favicon.ico?code=evil&state={state} HTTP/1.1\r\n\r\n"),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("POST /?code=evil&state={state} HTTP/1.1\r\n\r\n"),
    ] {
        assert!(window.send(&request).await.unwrap().starts_with("HTTP/1.1 404"), "{request}");
    }
    let endless = format!("GET /?code=evil&state={state}&x={} HTTP/1.1\r\n\r\n", "x".repeat(64 * 1024));
    assert!(window.send(&endless).await.unwrap_or_default().is_empty(), "it is not read to its end");
    assert_eq!(seat.tenant.exchanges(), 0);
    window.back(&[("code", "good"), ("state", &state)]).await;
    asked.await.unwrap().unwrap();
    assert_eq!(seat.tenant.calls()[0].form["code"], "good");
}

#[tokio::test]
async fn a_no_is_a_no_for_those_who_wait_too() {
    let mut seat = Seat::new(signing_in());
    let targets = ["https://a.example", "https://b.example"].map(|name| Target::new(name, &[".default"]).unwrap());
    let asked = targets.each_ref().map(|target| seat.ask(target, None));
    let window = seat.window().await;
    let denied =
        [("error", "access_denied"), ("error_description", "AADSTS65004: <b>no</b>"), ("state", window.state())];
    let page = window.back(&denied).await;
    assert!(page.contains("refused or cancelled") && !page.contains("AADSTS") && !page.contains("<b>"), "{page}");
    for asked in asked {
        let miss = asked.await.unwrap().unwrap_err();
        assert_eq!(miss.reason, "the sign-in in the browser was refused or cancelled (AADSTS65004)");
        assert!(miss.cure.is_some() && miss.lasts == Lasts::UntilCured, "nobody is signed in: {miss:?}");
    }
    assert_eq!((seat.opened(), seat.tenant.exchanges()), (1, 0));
    // Later somebody may think otherwise.
    tokio::time::pause();
    tokio::time::advance(DECLINED).await;
    tokio::time::resume();
    let asked = seat.ask(&target(), None);
    let window = seat.window().await;
    window.back(&[("code", "c"), ("state", window.state())]).await;
    asked.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_for_ever() {
    let seat = Seat::new(signing_in());
    let began = Instant::now();
    let miss = seat.ask(&target(), None).await.unwrap().unwrap_err();
    assert_eq!((miss.reason.as_ref(), began.elapsed().as_secs()), ("nobody signed in within 300 s", 300));
    assert_eq!(seat.opened(), 1);
    assert!(seat.browser.patience() >= Duration::from_secs(360), "Entra is asked afterwards");
}

#[tokio::test]
async fn several_apis_at_once_open_one_window() {
    let mut seat = Seat::new(signing_in());
    let names = ["https://a.example", "https://b.example", "https://c.example"];
    let asked = names.map(|name| seat.ask(&Target::new(name, &[".default"]).unwrap(), None));
    let window = seat.window().await;
    window.back(&[("code", "c"), ("state", window.state())]).await;
    for asked in asked {
        asked.await.unwrap().unwrap();
    }
    assert_eq!((seat.opened(), seat.tenant.exchanges()), (1, 3));
}

#[tokio::test]
async fn a_challenge_goes_to_the_page_and_to_the_endpoint() {
    let mut seat = Seat::new(signing_in());
    let asked = seat.ask(&target(), Some(CLAIMS));
    let window = seat.window().await;
    assert!(window.query["claims"].contains("acrs"));
    window.back(&[("code", "c"), ("state", window.state())]).await;
    asked.await.unwrap().unwrap();
    seat.ask(&target(), Some(CLAIMS)).await.unwrap().unwrap();
    assert!(seat.tenant.calls().iter().all(|call| call.form["claims"].contains("acrs")));
}

#[tokio::test]
async fn without_a_tenant_any_organisation_signs_in() {
    let tenant = signing_in();
    let base = EntraApp::any_organization_over(tenant.app.http().clone(), crate::testtenant::CLIENT).unwrap();
    let base = base.with_endpoints(Endpoints::documented_for_organizations(Cloud::Public)).unwrap();
    let mut seat = Seat::at(tenant, &base.with_clock(mcp_auth_layer::clock::SystemClock), HostValues::new());
    let asked = seat.ask(&target(), None);
    let window = seat.window().await;
    assert_eq!(window.address.path(), "/organizations/oauth2/v2.0/authorize");
    window.back(&[("code", "c"), ("state", window.state())]).await;
    asked.await.unwrap().unwrap();
    assert_eq!(seat.tenant.calls()[0].uri.path(), "/organizations/oauth2/v2.0/token");
}

#[tokio::test]
async fn without_a_window_nobody_is_asked_for_anything() {
    #[derive(Debug)]
    struct Blind(Arc<StdMutex<usize>>);
    impl Opener for Blind {
        fn open<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<()>> {
            *self.0.lock().unwrap() += 1;
            Box::pin(ready(Err(io::Error::other("broken glass"))))
        }
    }
    let tenant = signing_in();
    let calls = Arc::<StdMutex<usize>>::default();
    let values = HostValues::new().with_tenant(TENANT);
    let options = BrowserOptions::default().with_client_id("me").with_opener(Blind(Arc::clone(&calls)));
    let ask = |values: HostValues| {
        let browser = Browser::new(&tenant.app, &values);
        let target = target();
        async move { browser.token(Ask { target: &target, challenge: None }).await.unwrap_err() }
    };
    // No screen, no program, a program that fails, and no such app.
    let screen = [("PATH".into(), "/nowhere".into()), ("DISPLAY".into(), ":0".into())];
    for (name, values, words) in [
        ("no screen", values.clone(), "no screen"),
        ("no program", values.clone().with_environment(screen), "not on the PATH"),
        ("a window that fails", values.clone().with_browser(options.clone().with_client_id(TENANT)), "broken glass"),
        ("no such app", values.clone().with_browser(options), "me"),
    ] {
        let miss = ask(values).await;
        assert!(miss.reason.contains(words), "{name}: {}", miss.reason);
        assert!(miss.cure.is_some(), "{name}");
    }
    assert_eq!((*calls.lock().unwrap(), tenant.exchanges()), (1, 0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_desktop_gets_the_address_as_one_word_and_may_say_that_it_cannot() {
    use super::super::tests::programs::Host;
    const ADDRESS: &str = "https://login.example/authorize?a=$(id)&b='x'&c=%20";
    let with_screen = |host: &Host| {
        let mut environment = host.values().environment;
        environment.push(("DISPLAY".into(), ":0".into()));
        SystemOpener::new(&HostValues::new().with_environment(environment))
    };
    let host = Host::new().with("xdg-open", "printf '%s\\n' \"$#\" \"$1\" > \"$0.args\"; env > \"$0.env\"");
    let opener = with_screen(&host);
    assert!(opener.check().is_ok());
    opener.open(ADDRESS).await.unwrap();
    assert_eq!(host.read("xdg-open.args"), format!("1\n{ADDRESS}\n"));
    assert!(!host.read("xdg-open.env").contains("hunter2"));
    let host = Host::new().with("xdg-open", "exit 3");
    assert!(with_screen(&host).open(ADDRESS).await.unwrap_err().to_string().contains("xdg-open failed"));
}
