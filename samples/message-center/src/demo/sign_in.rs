//! Signs a user in as the client app does: authorization code with PKCE, by the server's `/authorize`.

use std::error::Error;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use entra_emulator::{API_CLIENT_ID, CLIENT_ID};
use http::{Request, header};
use mcp_auth_layer::fetch::{FetchLimits, HttpClient};
use serde_json::Value;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::hops::Hops;

/// Where the client app would listen. The answer is read from the redirect itself, so nobody has to.
const REDIRECT: &str = "http://localhost:8400/callback";

/// Returns an access token for the server's API.
pub(super) async fn access_token(base: &str, user: &str, hops: &mut Hops) -> Result<String, Box<dyn Error>> {
    let http = HttpClient::reqwest(FetchLimits::default())?;
    // RFC 7636 section 4.1: two UUIDs are 256 bits of the system's randomness, less twelve.
    let verifier = URL_SAFE_NO_PAD.encode([Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat());
    let state = Uuid::new_v4().to_string();

    let mut url = Url::parse(&format!("{base}/authorize"))?;
    url.query_pairs_mut().extend_pairs([
        ("client_id", CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("state", &state),
        ("code_challenge", &challenge(&verifier)),
        ("code_challenge_method", "S256"),
        ("login_hint", user),
    ]);
    let meaning = "the server judges client, redirect URI, PKCE and state";
    let tenant = hops.step("GET /authorize", meaning, redirect(&http, &url)).await?;
    let answer =
        hops.step("GET the tenant's", "the user signs in; the client gets a code", redirect(&http, &tenant)).await?;
    let parameter =
        |name: &str| answer.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    if parameter("state") != Some(state) {
        return Err("the answer to the sign-in belongs to another request".into());
    }
    let code = parameter("code").ok_or("the tenant did not issue a code")?;
    let meaning = "code and PKCE verifier, for a token meant for the server";
    hops.step("POST the tenant's", meaning, redeem(&http, &tenant, &code, &verifier)).await
}

async fn redeem(http: &HttpClient, tenant: &Url, code: &str, verifier: &str) -> Result<String, Box<dyn Error>> {
    let mut url = tenant.clone();
    url.set_query(None);
    url.set_path(&url.path().replace("/authorize", "/token"));
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", verifier),
            ("scope", &format!("{API_CLIENT_ID}/access_as_user offline_access")),
        ])
        .finish();
    let request = Request::post(url.as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::from(form))?;
    let answer: Value = serde_json::from_slice(http.send(request).await?.body())?;
    let token = answer["access_token"].as_str().map(str::to_owned);
    token.ok_or_else(|| format!("the code was not redeemed: {}", answer["error_codes"]).into())
}

/// Asks, and returns where the answer sends the browser.
async fn redirect(http: &HttpClient, url: &Url) -> Result<Url, Box<dyn Error>> {
    let answer = http.send(Request::get(url.as_str()).body(Bytes::new())?).await?;
    let value = answer
        .headers()
        .get(header::LOCATION)
        .ok_or_else(|| format!("status {} instead of a redirect", answer.status()))?;
    Ok(Url::parse(value.to_str()?)?)
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()))
}
