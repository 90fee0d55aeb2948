//! A person at a browser, and the client that sent her there.

use std::collections::{BTreeMap, VecDeque};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::{Answer, client};

/// Where clients of these tests would listen.
pub(crate) const REDIRECT: &str = "http://localhost:8400/callback";

/// What each of these clients proves itself with.
pub(crate) const VERIFIER: &str = "0123456789-0123456789-0123456789-0123456789-0123456789-0123456789";

pub(crate) fn challenge() -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

/// A browser that keeps cookies and follows nothing by itself.
pub(crate) struct Person {
    pub(crate) base: String,
    /// Where the next request to `base` really goes, and then the one after it.
    replicas: VecDeque<String>,
    http: reqwest::Client,
    /// By origin and name.
    pub(crate) cookies: BTreeMap<(String, String), String>,
}

/// What a sign-in brought: what the client holds, and everything on the way that must stay secret.
pub(crate) struct SignedIn {
    pub(crate) client: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    pub(crate) secrets: Vec<String>,
}

impl Person {
    pub(crate) fn at(base: &str) -> Self {
        Self::before(base, [base])
    }

    /// A person in front of replicas that take turns.
    pub(crate) fn before<'a>(base: &str, replicas: impl IntoIterator<Item = &'a str>) -> Self {
        let replicas = replicas.into_iter().map(str::to_owned).collect();
        Self { base: base.to_owned(), replicas, http: client(), cookies: BTreeMap::new() }
    }

    /// Finds the server at another address from now on.
    pub(crate) fn moved_to(&mut self, replica: &str) {
        self.replicas = VecDeque::from([replica.to_owned()]);
    }

    /// Makes a request; one to `base` goes to the replica whose turn it is.
    fn ask(&mut self, method: Method, url: &Url) -> reqwest::RequestBuilder {
        let Some(path) = url.as_str().strip_prefix(&self.base) else { return self.http.request(method, url.clone()) };
        self.replicas.rotate_left(1);
        let host = self.base.trim_start_matches("http://");
        self.http.request(method, format!("{}{path}", self.replicas[0])).header("host", host)
    }

    pub(crate) async fn get(&mut self, url: &Url) -> Answer {
        let request = self.ask(Method::GET, url);
        self.send(url, request).await
    }

    pub(crate) async fn post(&mut self, url: &Url, form: &[(&str, &str)]) -> Answer {
        let request = self.ask(Method::POST, url).form(form);
        self.send(url, request).await
    }

    async fn send(&mut self, url: &Url, request: reqwest::RequestBuilder) -> Answer {
        let origin = url.origin().ascii_serialization();
        let own = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let answer = Answer::of(request.header("cookie", cookies.join("; ")).send().await.unwrap()).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            let place = (origin.clone(), name.to_owned());
            if text.contains("Max-Age=0") {
                self.cookies.remove(&place);
            } else {
                self.cookies.insert(place, value.to_owned());
            }
        }
        answer
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.base)).unwrap()
    }

    /// Registers a client that has this redirect URI.
    pub(crate) async fn register(&mut self, redirect: &str) -> Answer {
        let asked = json!({"redirect_uris": [redirect], "client_name": "Test", "token_endpoint_auth_method": "none"});
        let url = self.url("/register");
        Answer::of(self.ask(Method::POST, &url).json(&asked).send().await.unwrap()).await
    }

    /// A good request of a client, with some parameters changed; an empty value leaves one out.
    pub(crate) fn request(&self, client: &str, changes: &[(&str, &str)]) -> Url {
        let (resource, challenge) = (format!("{}/mcp", self.base), challenge());
        let mut parameters = vec![
            ("client_id", client),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("state", "state-that-is-the-clients-own"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("scope", "access_as_user offline_access"),
            ("resource", &resource),
            ("login_hint", "alice"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let mut url = self.url("/authorize");
        url.query_pairs_mut().extend_pairs(parameters);
        url
    }

    /// Agrees to what a page asks; returns where that leads.
    pub(crate) async fn agree(&mut self, page: &Answer) -> Answer {
        let ticket = ticket(page).to_owned();
        let url = self.url("/authorize/consent");
        self.post(&url, &[("ticket", &ticket), ("answer", "approve")]).await
    }

    /// Goes on from this server to the tenant and back, until the client gets its answer.
    pub(crate) async fn go(&mut self, answer: &Answer) -> BTreeMap<String, String> {
        let away = location(answer);
        let callback = location(&self.get(&away).await);
        query(&location(&self.get(&callback).await))
    }

    pub(crate) async fn token(&mut self, form: &[(&str, &str)]) -> Answer {
        let url = self.url("/token");
        Answer::of(self.ask(Method::POST, &url).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn redeem(&mut self, client: &str, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn refresh(&mut self, client: &str, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]).await
    }

    /// Goes all the way with a client that nobody knew.
    pub(crate) async fn sign_in(&mut self, user: &str) -> SignedIn {
        let client = self.register(REDIRECT).await.json()["client_id"].as_str().unwrap().to_owned();
        let page = self.get(&self.request(&client, &[("login_hint", user)])).await;
        let ticket = ticket(&page).to_owned();
        let away = self.agree(&page).await;
        let flow = self.cookies.values().cloned().collect::<Vec<_>>();
        let back = self.go(&away).await;
        let tokens = self.redeem(&client, &back["code"]).await.json();
        let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
        let (token, refresh) = (text("access_token"), text("refresh_token"));
        let mut secrets = vec![token.clone(), refresh.clone(), back["code"].clone(), VERIFIER.to_owned(), ticket];
        secrets.push(back["state"].clone());
        secrets.extend(flow);
        SignedIn { client, token, refresh, secrets }
    }
}

/// Returns where an answer sends the browser.
pub(crate) fn location(answer: &Answer) -> Url {
    assert_eq!(answer.status, 302, "{answer:?}");
    Url::parse(answer.header("location").unwrap()).unwrap()
}

/// Returns parameters, each of which comes once.
pub(crate) fn query(url: &Url) -> BTreeMap<String, String> {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let found: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(found.len(), pairs.len(), "a parameter comes twice in {url}");
    found
}

/// Returns what the form of a page sends beside the answer.
pub(crate) fn ticket(page: &Answer) -> &str {
    let input = page.text.split("<input").find(|input| input.contains("name=\"ticket\""));
    let input = input.unwrap_or_else(|| panic!("nobody is asked: {page:?}"));
    input.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

/// Tells the error that a machine is told.
pub(crate) fn error(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["error"].clone())
}
