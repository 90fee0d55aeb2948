//! How often one may ask, and the ways around it that are closed.

use std::time::Duration;

use entra_emulator::{API_CLIENT_ID as CLIENT_ID, Config, Emulator, TokenSpec};
use serde_json::json;

use crate::support::{Answer, Era, Fixture, client, program::Program, request, skip, variables};

const REDIRECT: &str = "http://localhost:8400/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const OTHER_CLIENT: &str = "99999999-2222-4333-8444-555555555555";

/// A request of the operator's own client, for which nobody is asked, so that each goes on to the tenant.
fn query(server: &Fixture, client_id: &str) -> String {
    format!(
        "client_id={client_id}&response_type=code&redirect_uri={REDIRECT}&state=s&code_challenge={CHALLENGE}\
         &code_challenge_method=S256&resource={}",
        server.base
    )
}

/// Asks for authorization at this path, with these headers; returns the status.
async fn authorize(server: &Fixture, path: &str, headers: &[(&str, &str)]) -> u16 {
    let request = server.http.get(server.url(&format!("{path}?{}", query(server, CLIENT_ID))));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(request.send().await.unwrap()).await.status
}

/// Asks ten times, which is what one may.
async fn use_up(server: &Fixture, headers: &[(&str, &str)]) {
    for _ in 0..10 {
        assert_eq!(authorize(server, "/authorize", headers).await, 302);
    }
}

#[tokio::test]
async fn the_eleventh_sign_in_of_a_minute_gets_a_page_that_says_when_to_come_back() {
    let server = Fixture::start().await;
    use_up(&server, &[]).await;
    let answer = server.get(&format!("/authorize?{}", query(&server, CLIENT_ID))).await;
    assert_eq!((answer.status, answer.header("location")), (429, None), "{answer:?}");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&wait), "{answer:?}");
    assert!(answer.text.contains("<h1>") && answer.text.contains(&format!("{wait} seconds")), "{answer:?}");
    assert!(answer.header("content-security-policy").is_some(), "{answer:?}");
    let logged = server.log.trail("message_center::limits::layer").pop().unwrap();
    assert_eq!((&*logged["rule"], &*logged["address"]), ("authorize", "127.0.0.1/32"));
    skip(Duration::from_secs(wait)).await;
    assert_eq!(authorize(&server, "/authorize", &[]).await, 302);
}

#[tokio::test]
async fn an_address_that_the_caller_claims_is_no_new_one() {
    let server = Fixture::start().await;
    for number in 0..10 {
        let address = format!("203.0.113.{number}");
        assert_eq!(authorize(&server, "/authorize", &[("x-forwarded-for", &address)]).await, 302);
    }
    for number in 0..8 {
        let (address, element) = (format!("198.51.100.{number}"), format!("for=198.51.100.{number}"));
        let claims = [("x-forwarded-for", &*address), ("forwarded", &*element), ("x-real-ip", &*address)];
        for claim in claims {
            assert_eq!(authorize(&server, "/authorize", &[claim]).await, 429, "{claim:?}");
        }
        assert_eq!(authorize(&server, "/authorize", &claims).await, 429, "{claims:?}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_addresses_have_their_own_and_the_caller_chooses_none() {
    let server = Fixture::with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    for address in ["203.0.113.7", "203.0.113.8"] {
        use_up(&server, &[("x-forwarded-for", address)]).await;
    }
    for number in 0..8 {
        // The proxy has added the last entry.
        let written = format!("198.51.100.{number}, 203.0.113.7");
        assert_eq!(authorize(&server, "/authorize", &[("x-forwarded-for", &written)]).await, 429, "{written}");
    }
    // In the header that the proxy does not write everybody is the proxy itself.
    let claimed = async |number: u8| {
        let (address, element) = (format!("203.0.113.{number}"), format!("for=198.51.100.{number}"));
        authorize(&server, "/authorize", &[("x-forwarded-for", &address), ("forwarded", &element)]).await
    };
    let mut admitted = 0;
    for number in 100..120 {
        admitted += u32::from(claimed(number).await == 302);
    }
    assert!((10..=12).contains(&admitted), "{admitted}");
}

#[tokio::test]
async fn all_spellings_of_an_endpoint_share_one_limit_or_reach_nothing() {
    let server = Fixture::start().await;
    for _ in 0..5 {
        assert_eq!(authorize(&server, "/authorize", &[]).await, 302);
        assert_eq!(authorize(&server, "/oauth2/v2.0/authorize", &[]).await, 302);
    }
    for path in ["/authorize", "/oauth2/v2.0/authorize"] {
        assert_eq!(authorize(&server, path, &[]).await, 429, "{path}");
    }
    for path in [
        "/Authorize",
        "/AUTHORIZE",
        "/authorize/",
        "//authorize",
        "/authorize//",
        "/%61uthorize",
        "/authorize;x=1",
        "/authorize%2f",
        "/oauth2/V2.0/authorize",
        "/oauth2/v2.0/authorize/",
    ] {
        let status = authorize(&server, path, &[]).await;
        assert!(matches!(status, 404 | 429), "{path}: {status}");
    }
}

#[tokio::test]
async fn one_client_written_in_several_ways_has_one_limit() {
    let server = Fixture::start().await;
    use_up(&server, &[]).await;
    for id in [CLIENT_ID.to_ascii_uppercase(), CLIENT_ID.replacen('b', "%62", 1), CLIENT_ID.replacen('b', "B", 1)] {
        assert_eq!(server.get(&format!("/authorize?{}", query(&server, &id))).await.status, 429, "{id}");
    }
    let post = server.http.post(server.url(&format!("/authorize?{}", query(&server, CLIENT_ID)))).send().await.unwrap();
    assert_eq!(post.status(), 429, "another method");
    // Whoever names another client at every request is stopped too.
    let mut statuses = Vec::new();
    for number in 0..120 {
        statuses.push(server.get(&format!("/authorize?client_id=client-{number}")).await.status);
    }
    // All clients of an address together have a hundred, of which ten were used above; time does not stand still here.
    assert!(statuses[..90].iter().all(|status| *status == 400), "{statuses:?}");
    assert!(statuses[90..].iter().filter(|status| **status == 429).count() > 10, "{statuses:?}");
}

#[tokio::test]
async fn what_a_browser_brings_back_is_heard_so_often_and_not_for_ever() {
    let server = Fixture::with(&[("MCP_AUTHORIZE_RATE_LIMIT_PER_MINUTE", "1")]).await;
    let (callback, forget) = ("/oauth/callback?code=x&state=0", "/authorize/forget");
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(server.get(callback).await.status);
    }
    // Twice ten times what one client may begin; time does not stand still here.
    assert!(statuses[..20].iter().all(|status| *status == 400), "{statuses:?}");
    assert!(statuses[20..].contains(&429), "{statuses:?}");
    let (mut forgetting, mut answering) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        forgetting.push(server.get(forget).await.status);
        let consent =
            server.http.post(server.url("/authorize/consent")).form(&[("ticket", "x"), ("answer", "approve")]);
        answering.push(consent.send().await.unwrap().status().as_u16());
    }
    for (name, statuses) in [("to forget", forgetting), ("to answer", answering)] {
        assert!(statuses.contains(&429), "the same limit, {name}: {statuses:?}");
    }
    assert_eq!(authorize(&server, "/authorize", &[]).await, 302, "and not that of those who begin");
}

/// Asks for a token at this path as this client; returns the answer.
async fn redeem(server: &Fixture, path: &str, client: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", client)];
    Answer::of(server.http.post(server.url(path)).form(&form).send().await.unwrap()).await
}

#[tokio::test]
async fn the_twenty_first_token_of_a_minute_is_refused_in_words_that_clients_read() {
    let server = Fixture::start().await;
    for number in 0..20 {
        let path = if number % 2 == 0 { "/token" } else { "/oauth2/v2.0/token" };
        assert_eq!(redeem(&server, path, CLIENT_ID).await.json()["error"], "invalid_grant", "{number}");
    }
    for (path, client) in [
        ("/token", CLIENT_ID.to_owned()),
        ("/oauth2/v2.0/token", CLIENT_ID.to_owned()),
        ("/token", CLIENT_ID.to_ascii_uppercase()),
        ("/token?x=1", CLIENT_ID.to_owned()),
    ] {
        let answer = redeem(&server, path, &client).await;
        assert_eq!((answer.status, &answer.json()["error"]), (429, &json!("temporarily_unavailable")), "{path}");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&wait), "{path}: {wait}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "a client in a browser must be able to read it"
        );
    }
    for path in ["/Token", "/token/", "//token", "/token%2f", "/%74oken", "/oauth2/V2.0/token"] {
        let status = redeem(&server, path, CLIENT_ID).await.status;
        assert!(matches!(status, 404 | 429), "{path}: {status}");
    }
    // By Basic, in another spelling of the form, or as another client: what counts is who is named.
    let basic = server.http.post(server.url("/token")).basic_auth(CLIENT_ID, None::<&str>).form(&[("x", "1")]);
    assert_eq!(basic.send().await.unwrap().status(), 429);
    let typed = server.http.post(server.url("/token")).header("content-type", "text/plain");
    assert_eq!(typed.body(format!("client_id={CLIENT_ID}")).send().await.unwrap().status(), 429);
    assert_eq!(redeem(&server, "/token", OTHER_CLIENT).await.status, 401, "another has its own");
}

#[tokio::test]
async fn the_eleventh_registration_of_a_minute_is_refused_however_it_is_sent() {
    let server = Fixture::start().await;
    let register = async |name: &str| {
        let body = json!({"redirect_uris": [REDIRECT], "client_name": name});
        Answer::of(server.http.post(server.url("/register")).json(&body).send().await.unwrap()).await
    };
    for number in 0..10 {
        assert_eq!(register(&format!("client {number}")).await.status, 201);
    }
    let answer = register("one more").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (429, Some("*")), "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    skip(Duration::from_secs(6)).await;
    assert_eq!(register("later").await.status, 201);
}

async fn list(server: &Fixture, token: Option<&str>) -> Answer {
    server.ask(Era::Modern, token, "tools/list", json!({})).await
}

#[tokio::test]
async fn a_caller_that_calls_too_often_is_told_as_json_rpc_and_others_are_not_affected() {
    let server = Fixture::with(&[("MCP_RATE_LIMIT_PER_MINUTE", "5")]).await;
    let alice = server.token("alice");
    for _ in 0..5 {
        assert_eq!(list(&server, Some(&alice)).await.status, 200);
    }
    let answer = list(&server, Some(&alice)).await;
    assert_eq!((answer.status, answer.header("content-type")), (429, Some("application/json")), "{answer:?}");
    let wait = answer.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((1..=12).contains(&wait), "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["jsonrpc"], &body["error"]["code"]), (&json!("2.0"), &json!(-32_600)));
    assert_eq!(body["error"]["data"], json!({"error": "too_many_requests", "retryAfter": wait}));
    assert_eq!(body.get("id"), None);

    for (name, token, status) in [
        ("a new token of hers", server.token("alice"), 429),
        ("she, through another client", server.emulator.mint(TokenSpec::user("alice").claim("azp", OTHER_CLIENT)), 200),
        ("another user at the same address", server.token("bob"), 200),
    ] {
        assert_eq!(list(&server, Some(&token)).await.status, status, "{name}");
    }
    skip(Duration::from_secs(wait)).await;
    assert_eq!(list(&server, Some(&server.token("alice"))).await.status, 200);
}

#[tokio::test]
async fn who_is_not_verified_uses_up_nothing_of_anybody_s() {
    let server = Fixture::with(&[("MCP_RATE_LIMIT_PER_MINUTE", "3")]).await;
    let expired = server.emulator.mint(TokenSpec::user("alice").expires_in(-3_600));
    for _ in 0..10 {
        assert_eq!(list(&server, Some(&expired)).await.status, 401);
        assert_eq!(list(&server, None).await.status, 401);
    }
    for status in [200, 200, 200, 429] {
        assert_eq!(list(&server, Some(&server.token("alice"))).await.status, status);
    }
}

#[tokio::test]
async fn several_calls_in_one_request_are_not_answered() {
    let server = Fixture::with(&[("MCP_RATE_LIMIT_PER_MINUTE", "2")]).await;
    let one = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    for era in Era::BOTH {
        let batch = server.request(era, "tools/list", json!({})).bearer_auth(server.token("alice"));
        let answer = Answer::of(batch.json(&vec![&one; 50]).send().await.unwrap()).await;
        assert!((400..=429).contains(&answer.status), "{era:?}: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_is_an_address_where_a_hatch_lets_nobody_in() {
    let server = Fixture::with(&[("MCP_RATE_LIMIT_PER_MINUTE", "3"), ("MCP_REQUIRE_AUTH", "false")]).await;
    for status in [200, 200, 200, 429, 429] {
        assert_eq!(list(&server, None).await.status, status);
    }
    assert_eq!(list(&server, Some(&server.token("alice"))).await.status, 200, "who shows who she is, is not nobody");
}

#[tokio::test]
async fn zero_counts_nobody_s_calls_and_a_hundred_is_the_default() {
    // Time does not stand still here, so there are some more than a hundred.
    for (value, expected) in [("0", 200..=200), ("", 100..=190)] {
        let server = Fixture::with(&[("MCP_RATE_LIMIT_PER_MINUTE", value)]).await;
        let (token, mut admitted) = (server.token("alice"), 0);
        for _ in 0..200 {
            admitted += u32::from(list(&server, Some(&token)).await.status == 200);
        }
        assert!(expected.contains(&admitted), "{value:?}: {admitted}");
    }
}

#[tokio::test]
async fn a_browser_may_read_when_to_come_back() {
    let origin = "https://app.example";
    let server = Fixture::with(&[("MCP_ALLOWED_ORIGINS", origin), ("MCP_RATE_LIMIT_PER_MINUTE", "1")]).await;
    let token = server.token("alice");
    for status in [200, 429] {
        let call = server.request(Era::Modern, "tools/list", json!({})).bearer_auth(&token).header("origin", origin);
        let answer = Answer::of(call.send().await.unwrap()).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer:?}");
        assert!(answer.header("access-control-expose-headers").unwrap().contains("retry-after"), "{answer:?}");
    }
}

#[tokio::test]
async fn what_was_one_too_many_is_counted_by_rule() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let mut variables = variables(&emulator, "");
    variables.insert("MCP_RATE_LIMIT_PER_MINUTE".to_owned(), "1".to_owned());
    let pairs: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let program = Program::start(&[], &pairs, None).await.serving().await;
    let token = emulator.mint(TokenSpec::user("alice"));
    for status in [200, 429, 429] {
        let call = request(&client(), &program.base, Era::Modern, "tools/list", json!({})).bearer_auth(&token);
        assert_eq!(call.send().await.unwrap().status(), status);
    }
    for number in 0..11 {
        let answer = client().get(format!("{}/authorize?client_id=x", program.base)).send().await.unwrap();
        assert_eq!(answer.status(), if number < 10 { 400 } else { 429 });
    }
    let text = client().get(format!("{}/metrics", program.base)).send().await.unwrap().text().await.unwrap();
    for line in [r#"message_center_limited_total{rule="mcp"} 2"#, r#"message_center_limited_total{rule="authorize"} 1"#]
    {
        assert!(text.lines().any(|found| found == line), "{line} is not among\n{text}");
    }
    assert!(!text.contains("127.0.0.1"), "{text}");
}
