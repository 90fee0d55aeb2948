//! A running tenant and a client of it that follows no redirects.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, CLIENT_ID, Config, Emulator, TENANT_ID, TokenSpec};
use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION},
};
use serde_json::{Map, Value};
use url::Url;

pub(crate) const VERIFIER: &str = "a-code-verifier-of-this-test-and-of-no-other-client";
pub(crate) const OBO: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const GRAPH_DEFAULT: &str = "https://graph.microsoft.com/.default";
pub(crate) const MESSAGES: &str = "/v1.0/admin/serviceAnnouncement/messages?$top=1";
pub(crate) const CP1: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// Parameters; a blank value takes the parameter out.
pub(crate) type Parameters<'a> = &'a [(&'a str, &'a str)];

/// Status, AADSTS code and `error` of an answer.
pub(crate) type Verdict = (u16, u64, &'static str);

/// A case: its name, how it differs from a good request, and the verdict.
pub(crate) type Case<'a> = (&'a str, Parameters<'a>, Verdict);

pub(crate) struct Tenant {
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, AADSTS code and `error`; zero and blank for a success.
    pub(crate) fn verdict(&self) -> (u16, u64, String) {
        let body = self.json();
        let code = body["error_codes"][0].as_u64().unwrap_or_default();
        (self.status.as_u16(), code, body["error"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn access_token(&self) -> String {
        self.member("access_token")
    }

    pub(crate) fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.text)).to_owned()
    }

    /// The parameters of the redirect's query.
    pub(crate) fn redirected(&self) -> Map<String, Value> {
        let url = Url::parse(self.header(LOCATION.as_str())).unwrap_or_else(|_| panic!("no redirect: {}", self.text));
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
    }
}

impl Tenant {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { emulator: Emulator::start(config).await.unwrap(), http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.http_url())
    }

    pub(crate) fn token_endpoint(&self) -> String {
        self.url(&format!("/{TENANT_ID}/oauth2/v2.0/token"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::read(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        Answer::read(self.http.post(self.url(path)).json(body).send().await.unwrap()).await
    }

    pub(crate) async fn token(&self, form: Parameters<'_>, changes: Parameters<'_>) -> Answer {
        self.token_with(form, changes, &[]).await
    }

    pub(crate) async fn token_with(
        &self,
        form: Parameters<'_>,
        changes: Parameters<'_>,
        headers: Parameters<'_>,
    ) -> Answer {
        let mut request = self.http.post(self.token_endpoint()).form(&altered(form, changes));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(request.send().await.unwrap()).await
    }

    /// Asks for a code as the public client, with changes.
    pub(crate) async fn authorize(&self, changes: Parameters<'_>) -> Answer {
        let challenge = challenge();
        let scope = format!("api://{API_CLIENT_ID}/access_as_user offline_access");
        let parameters = [
            ("client_id", CLIENT_ID),
            ("redirect_uri", "http://localhost:8400/callback"),
            ("response_type", "code"),
            ("scope", &scope),
            ("state", "s1"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let parameters = altered(&parameters, changes);
        let url =
            Url::parse_with_params(&self.url(&format!("/{TENANT_ID}/oauth2/v2.0/authorize")), parameters).unwrap();
        Answer::read(self.http.get(url).send().await.unwrap()).await
    }

    /// The form that redeems the public client's code.
    pub(crate) async fn redeem(&self, code: &str, changes: Parameters<'_>) -> Answer {
        let scope = format!("api://{API_CLIENT_ID}/access_as_user offline_access");
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", "http://localhost:8400/callback"),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("scope", &scope),
        ];
        self.token(&form, changes).await
    }

    pub(crate) async fn code(&self, changes: Parameters<'_>) -> String {
        self.authorize(changes).await.redirected()["code"].as_str().unwrap().to_owned()
    }

    /// Exchanges a token on behalf of its user, with changes.
    pub(crate) async fn exchange(&self, assertion: &str, changes: Parameters<'_>) -> Answer {
        let form = [
            ("grant_type", OBO),
            ("client_id", API_CLIENT_ID),
            ("client_secret", API_CLIENT_SECRET),
            ("assertion", assertion),
            ("scope", GRAPH_DEFAULT),
            ("requested_token_use", "on_behalf_of"),
        ];
        self.token(&form, changes).await
    }

    pub(crate) async fn exchange_for(&self, user: &str, changes: Parameters<'_>) -> Answer {
        self.exchange(&self.emulator.mint(TokenSpec::user(user)), changes).await
    }

    pub(crate) async fn graph(&self, token: &str) -> Answer {
        Answer::read(self.http.get(self.url(MESSAGES)).bearer_auth(token).send().await.unwrap()).await
    }
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))
}

/// Decodes one part of a JWT.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn altered<'a>(form: Parameters<'a>, changes: Parameters<'a>) -> Vec<(&'a str, &'a str)> {
    let changed = |name: &str| changes.iter().any(|(other, _)| *other == name);
    let kept = form.iter().filter(|(name, _)| !changed(name));
    kept.chain(changes.iter().filter(|(_, value)| !value.is_empty())).copied().collect()
}
