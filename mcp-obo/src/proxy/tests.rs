//! A client, a person's browser and Entra, around the whole of it.

mod edges;
mod logged;
mod threats;
mod wiring;

use std::{collections::HashMap, future::ready};

use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::{Url, form_urlencoded::Serializer};

use super::*;
use crate::{
    ClientSecret,
    testtenant::{CLIENT, LIFE, SECRET, Tenant, status},
};

const ISSUER: &str = "https://mcp.contoso.com";
const REDIRECT: &str = "http://127.0.0.1:33418/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A proxy in front of a tenant that grants, and a browser that keeps cookies.
struct Scene {
    tenant: Tenant,
    proxy: Proxy,
    cookies: HashMap<String, String>,
    /// The name that the browser has for the server.
    host: Option<&'static str>,
    /// Where the browser says that a request was begun.
    site: Option<&'static str>,
}

struct Seen {
    status: u16,
    headers: http::HeaderMap,
    text: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }

    fn location(&self) -> Url {
        let location = self.headers.get(LOCATION).unwrap_or_else(|| panic!("{}: {}", self.status, self.text));
        Url::parse(location.to_str().unwrap()).unwrap()
    }
}

fn query(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn form(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Scene {
    fn new() -> Self {
        Self::built(ISSUER, |builder| builder)
    }

    fn built(issuer: &str, change: impl FnOnce(ProxyBuilder) -> ProxyBuilder) -> Self {
        let token = Tenant::granting().token(json!({"oid": "alice", "scp": "access_as_user"}));
        let body = json!({"token_type": "Bearer", "expires_in": LIFE, "access_token": token, "refresh_token": "entra"});
        let tenant = Tenant::answering(move |_| {
            Box::pin(ready(status(200, &[("content-type", "application/json")], &body.to_string())))
        });
        let builder = Proxy::builder(
            &tenant.app,
            &tenant.verifier,
            ClientApp::own(ClientSecret::new(SECRET)),
            issuer,
            &["access_as_user"],
        );
        let builder = builder.with_wording("Message Center", &[("access_as_user", "read announcements")]);
        let proxy = change(builder).build().unwrap();
        Self { tenant, proxy, cookies: HashMap::new(), host: None, site: None }
    }

    async fn send(&mut self, method: &str, address: &str, kind: &str, body: String) -> Seen {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let path = address.strip_prefix(ISSUER).unwrap_or(address);
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, kind);
        let mut request = request.header(COOKIE, cookies.join("; ")).body(Full::<Bytes>::from(body)).unwrap();
        request.headers_mut().extend(self.host.map(|host| (HOST, http::HeaderValue::from_static(host))));
        let site = self.site.map(|site| ("sec-fetch-site".parse().unwrap(), http::HeaderValue::from_static(site)));
        request.headers_mut().extend::<Option<(http::HeaderName, _)>>(site);
        let (head, body) = self.proxy.clone().oneshot(request).await.unwrap().into_parts();
        for cookie in head.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Seen { status: head.status.as_u16(), headers: head.headers, text }
    }

    async fn get(&mut self, address: &str) -> Seen {
        self.send("GET", address, "", String::new()).await
    }

    async fn post(&mut self, address: &str, pairs: &[(&str, &str)]) -> Seen {
        self.send("POST", address, "application/x-www-form-urlencoded", form(pairs)).await
    }

    async fn register(&mut self) -> String {
        let body = json!({"redirect_uris": [REDIRECT], "client_name": "Code", "token_endpoint_auth_method": "none"});
        let seen = self.send("POST", "/register", "application/json", body.to_string()).await;
        assert_eq!(seen.status, 201, "{}", seen.text);
        seen.json()["client_id"].as_str().unwrap().to_owned()
    }

    async fn authorize(&mut self, client: &str) -> Seen {
        let asked = form(&[
            ("client_id", client),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "xyz"),
            ("scope", "access_as_user offline_access"),
            ("prompt", "consent"),
            ("resource", "https://mcp.contoso.com/mcp"),
        ]);
        self.get(&format!("/authorize?{asked}")).await
    }
}

fn ticket(page: &str) -> &str {
    page.split("name=\"ticket\"").nth(1).unwrap().split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_client_gets_from_the_origin_alone_to_tokens() {
    let mut scene = Scene::new();
    let document = scene.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(document["registration_endpoint"], format!("{ISSUER}/register"));
    let client = scene.register().await;

    let page = scene.authorize(&client).await;
    assert!(page.status == 200 && page.text.contains("read announcements"), "{}: {}", page.status, page.text);
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    let away = scene.post("/authorize/consent", &answer).await.location();
    assert!(away.as_str().starts_with("https://login.microsoftonline.com/"), "{away}");
    let asked = query(&away);
    assert_eq!(asked["redirect_uri"], "https://mcp.contoso.com/oauth/callback");
    assert_eq!(asked["scope"], format!("{CLIENT}/access_as_user offline_access"));
    assert!(
        !asked.contains_key("resource") && asked.get("prompt").is_none_or(|prompt| prompt != "consent"),
        "{asked:?}"
    );
    assert!(asked["state"].len() <= 64 && asked["code_challenge"] != CHALLENGE);

    let back = scene.get(&format!("/oauth/callback?code=entra-code&state={}", asked["state"])).await.location();
    assert!(back.as_str().starts_with(REDIRECT), "{back}");
    let back = query(&back);
    assert_eq!((&*back["state"], &*back["iss"]), ("xyz", ISSUER));
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", &client),
        ("code", &back["code"]),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
    ];
    let granted = scene.post("/token", &redeem).await;
    assert_eq!(
        (granted.status, &granted.headers["cache-control"]),
        (200, &"no-store".parse().unwrap()),
        "{}",
        granted.text
    );
    let granted = granted.json();
    assert_eq!(granted["scope"], "access_as_user offline_access");
    let refresh = granted["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    let again = scene.post("/oauth2/v2.0/token", &again).await;
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(scene.tenant.exchanges(), 2);
    assert!(scene.cookies.is_empty(), "nothing stays in the browser: {:?}", scene.cookies);
}

#[tokio::test(start_paused = true)]
async fn who_says_no_sends_the_client_away_and_entra_hears_nothing() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    let page = scene.authorize(&client).await;
    let answer = [("ticket", ticket(&page.text)), ("answer", "cancel")];
    let back = query(&scene.post("/authorize/consent", &answer).await.location());
    assert_eq!((&*back["error"], &*back["state"], &*back["iss"]), ("access_denied", "xyz", ISSUER));
}

#[tokio::test(start_paused = true)]
async fn another_browser_finishes_nothing_of_this_one() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    let page = scene.authorize(&client).await;
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    // The form, in a browser that did not get the page.
    let own = std::mem::take(&mut scene.cookies);
    assert!(matches!(scene.post("/authorize/consent", &answer).await.status, 400 | 403));
    scene.cookies = own;
    let away = query(&scene.post("/authorize/consent", &answer).await.location());
    let callback = format!("/oauth/callback?code=entra-code&state={}", away["state"]);
    let own = std::mem::take(&mut scene.cookies);
    let stranded = scene.get(&callback).await;
    assert!(stranded.status == 403 && !stranded.headers.contains_key(LOCATION), "{}", stranded.status);
    scene.cookies = own;
    assert_eq!(scene.get(&callback).await.status, 302);
    assert_eq!(scene.get(&callback).await.status, 403, "and it is finished once");
}

#[tokio::test(start_paused = true)]
async fn paths_and_methods_are_what_they_are() {
    let mut scene = Scene::new();
    let paths: Vec<_> = scene.proxy.endpoints().map(|(_, path)| path.to_owned()).collect();
    for path in paths {
        assert_ne!(scene.get(&path).await.status, 404, "{path}");
    }
    for (method, path, expected) in [
        ("HEAD", "/.well-known/oauth-authorization-server", 200),
        ("POST", "/.well-known/oauth-authorization-server", 405),
        ("GET", "/token", 405),
        ("GET", "/register", 405),
        ("POST", "/authorize", 405),
        ("POST", "/oauth/callback", 405),
        ("OPTIONS", "/token", 204),
        ("OPTIONS", "/authorize", 405),
        ("GET", "/Token", 404),
        ("GET", "/", 404),
    ] {
        let seen = scene.send(method, path, "", String::new()).await;
        assert_eq!(seen.status, expected, "{method} {path}");
        let is_readable = seen.headers.contains_key("access-control-allow-origin");
        let is_for_all = matches!(path, "/token" | "/register") || path.starts_with("/.well-known");
        assert_eq!(is_readable, is_for_all, "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_shown_a_page_and_sent_nowhere() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    for (name, client, redirect) in [
        ("no such client", "mcp.nobody", REDIRECT),
        ("another redirect", &*client, "http://127.0.0.1:33418/other"),
        ("a foreign redirect", &client, "https://evil.example/"),
    ] {
        let asked = form(&[("client_id", client), ("redirect_uri", redirect), ("response_type", "code")]);
        let seen = scene.get(&format!("/authorize?{asked}")).await;
        assert!(seen.status == 400 && !seen.headers.contains_key(LOCATION), "{name}: {}", seen.status);
    }
    assert_eq!(scene.tenant.exchanges(), 0);
}
