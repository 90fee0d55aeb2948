//! Signs a user in as MCP clients do, from the server's address alone: registration, consent, authorization code with PKCE.

use std::error::Error;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{browser::Browser, hops::Hops};

/// Where the client would listen. The answer is read from the redirect itself, so nobody has to.
const REDIRECT: &str = "http://localhost:8400/callback";

/// Returns an access token for the server's API.
pub(super) async fn access_token(base: &str, user: &str, hops: &mut Hops) -> Result<String, Box<dyn Error>> {
    let mut browser = Browser::new()?;
    // RFC 7636 section 4.1: two UUIDs are 256 bits of the system's randomness, less twelve.
    let verifier = URL_SAFE_NO_PAD.encode([Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat());
    let state = Uuid::new_v4().to_string();
    let client = hops.step("POST /register", "a client that nobody knew gets an id", register(&browser, base)).await?;

    let url = authorization_url(base, &client, &state, &verifier, user)?;
    let page = hops.step("GET /authorize", "the server asks the person about that client", browser.get(&url)).await?;
    let ticket = ticket(&page)?;
    let form = [("ticket", &*ticket), ("answer", "approve")];
    let consent = Url::parse(&format!("{base}/authorize/consent"))?;
    let tenant = hops.step("POST /authorize/consent", "the person agrees", browser.post(&consent, &form)).await?;
    let meaning = "the user signs in; the tenant answers the server";
    let callback = hops.step("GET the tenant's", meaning, browser.get(&location(&tenant)?)).await?;
    let meaning = "the same browser comes back; the client gets a code";
    let back = hops.step("GET /oauth/callback", meaning, browser.get(&location(&callback)?)).await?;

    let back = location(&back)?;
    let parameter =
        |name: &str| back.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    if parameter("state") != Some(state) || parameter("iss").as_deref() != Some(base) {
        return Err("the answer to the sign-in belongs to another request".into());
    }
    let code = parameter("code").ok_or("the server did not issue a code")?;
    let meaning = "code and PKCE verifier, for a token meant for the server";
    hops.step("POST /token", meaning, redeem(&mut browser, base, &client, &code, &verifier)).await
}

/// RFC 7591 section 3.1.
async fn register(browser: &Browser, base: &str) -> Result<String, Box<dyn Error>> {
    let asked = json!({
        "client_name": "Demo client",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
    });
    let answer: Value = serde_json::from_slice(browser.post_json(&format!("{base}/register"), &asked).await?.body())?;
    let id = answer["client_id"].as_str().map(str::to_owned);
    id.ok_or_else(|| format!("the client was not registered: {}", answer["error_description"]).into())
}

fn authorization_url(
    base: &str,
    client: &str,
    state: &str,
    verifier: &str,
    user: &str,
) -> Result<Url, url::ParseError> {
    let challenge = URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()));
    let mut url = Url::parse(&format!("{base}/authorize"))?;
    url.query_pairs_mut().extend_pairs([
        ("client_id", client),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("state", state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("resource", &format!("{base}/mcp")),
        ("login_hint", user),
    ]);
    Ok(url)
}

async fn redeem(
    browser: &mut Browser,
    base: &str,
    client: &str,
    code: &str,
    verifier: &str,
) -> Result<String, Box<dyn Error>> {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier),
        ("resource", &format!("{base}/mcp")),
    ];
    let answer = browser.post(&Url::parse(&format!("{base}/token"))?, &form).await?;
    let answer: Value = serde_json::from_slice(answer.body())?;
    let token = answer["access_token"].as_str().map(str::to_owned);
    token.ok_or_else(|| format!("the code was not redeemed: {}", answer["error_description"]).into())
}

/// What the form on the page sends beside the person's answer.
fn ticket(page: &Response<Bytes>) -> Result<String, Box<dyn Error>> {
    let html = std::str::from_utf8(page.body())?;
    let input = html.split("<input").find(|input| input.contains("name=\"ticket\"")).ok_or("nobody was asked")?;
    let value = input.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    Ok(value.ok_or("the page has no ticket")?.to_owned())
}

/// Where an answer sends the browser.
fn location(answer: &Response<Bytes>) -> Result<Url, Box<dyn Error>> {
    let value = answer
        .headers()
        .get(http::header::LOCATION)
        .ok_or_else(|| format!("status {} instead of a redirect", answer.status()))?;
    Ok(Url::parse(value.to_str()?)?)
}
