//! What a caller is told when something behind the server fails: always a result with kind, cause and cure.

use std::time::Duration;

use entra_emulator::{API_CLIENT_ID, Config, Emulator, Fault, Place, TENANT_ID, TokenSpec};
use local_ports::ClosedPort;
use serde_json::{Value, json};

use crate::support::{
    Answer, Era, Fixture, skip,
    upstream::{FullQueue, Manner, Upstream, http},
};

const CALLER: &str = "you";
const ADMINISTRATOR: &str = "an administrator of the tenant";
const OPERATOR: &str = "the operator of this server";
const NOBODY: &str = "nobody; it passes";

/// What the caller must be told: kind, who can help, and words of cause and cure.
struct Told {
    kind: &'static str,
    who: &'static str,
    words: &'static [&'static str],
    wait: Option<u64>,
}

const fn told(kind: &'static str, who: &'static str, words: &'static [&'static str]) -> Told {
    Told { kind, who, words, wait: None }
}

const fn wait(seconds: u64, words: &'static [&'static str]) -> Told {
    Told { kind: "throttled", who: NOBODY, words, wait: Some(seconds) }
}

/// Sentences of the tenant and of Graph, which are not for callers.
const FOREIGN: [&str; 5] =
    ["AADSTS65001:", "has not consented", "Invalid client secret", "Insufficient privileges", "<h1>"];

fn check(name: &str, answer: &Answer, told: &Told) {
    let failure = answer.failure();
    assert_eq!((&failure["kind"], &failure["who"]), (&json!(told.kind), &json!(told.who)), "{name}: {failure}");
    let text = format!("{} {}", failure["cause"].as_str().unwrap(), failure["cure"].as_str().unwrap());
    for word in told.words {
        assert!(text.contains(word), "{name}: {word:?} is missing: {failure}");
    }
    assert_eq!(failure.get("retryAfter").and_then(Value::as_u64), told.wait, "{name}: {failure}");
    for sentence in FOREIGN {
        assert!(!answer.text.contains(sentence), "{name}: {sentence:?} went out: {answer:?}");
    }
}

#[tokio::test]
async fn every_answer_of_graph_has_its_explanation() {
    let server = Fixture::start().await;
    for (name, fault, expected) in [
        ("400", Fault::BadRequest, told("graph_bad_request", CALLER, &["The request is invalid.", "filter"])),
        (
            "401",
            Fault::Unauthorized,
            told(
                "graph_unauthorized",
                ADMINISTRATOR,
                &["ServiceMessage.Read.All", "consent", "audience or token version"],
            ),
        ),
        (
            "403",
            Fault::Forbidden,
            told("forbidden_role", ADMINISTRATOR, &["Message Center Reader", "assigned", "Role Administrator"]),
        ),
        ("429", Fault::Throttled(7), wait(7, &["Microsoft Graph", "Try again"])),
        ("429 with a page", Fault::ThrottledPage(9), wait(9, &["Microsoft Graph"])),
        ("503", Fault::Unavailable, told("graph_unavailable", NOBODY, &["503"])),
        ("500 with a page", Fault::Html, told("graph_unavailable", NOBODY, &["500"])),
        ("half of the JSON", Fault::Truncated, told("graph_unreadable", NOBODY, &["not a message list"])),
        ("a connection that ends", Fault::Reset, told("reset", OPERATOR, &["Microsoft Graph", "broke off"])),
    ] {
        server.emulator.control().set_fault(Place::Graph, "", fault);
        for era in Era::BOTH {
            let answer = server.call_in(era, Some(&server.token("alice")), json!({})).await;
            check(name, &answer, &expected);
            if expected.kind != "reset" {
                let ids = answer.failure()["ids"][0].as_str().unwrap_or_default().to_owned();
                assert!(ids.starts_with("Graph request id "), "{name}: {answer:?}");
            }
        }
    }
    server.emulator.control().clear_fault(Place::Graph, "");
    server.call_as("alice").await.result();
}

#[tokio::test]
async fn a_date_to_come_again_is_told_in_seconds() {
    let server = Fixture::start().await;
    for place in [Place::Graph, Place::Exchange] {
        server.emulator.control().set_fault(place, "alice", Fault::ThrottledUntil(90));
        let failure = server.call_as("alice").await.failure();
        server.emulator.control().clear_fault(place, "alice");
        assert_eq!(failure["kind"], "throttled", "{place:?}");
        let seconds = failure["retryAfter"].as_u64().unwrap_or_else(|| panic!("{place:?}: {failure}"));
        assert!((80..=90).contains(&seconds), "{place:?}: {seconds}");
    }
}

#[tokio::test]
async fn every_refusal_of_the_exchange_has_its_explanation() {
    for (name, fault, expected) in [
        (
            "no consent",
            Fault::NoConsent,
            told(
                "consent_required",
                ADMINISTRATOR,
                &["Consent is missing", "delegated permission ServiceMessage.Read.All", "admin consent"],
            ),
        ),
        (
            "the app lacks the permission",
            Fault::Code(650_057),
            told("consent_required", ADMINISTRATOR, &["owner adds the delegated permission", "to the registration"]),
        ),
        (
            "no such API in the tenant",
            Fault::Code(500_011),
            told("consent_required", ADMINISTRATOR, &["does not exist in the tenant", "add it there"]),
        ),
        (
            "our secret is refused",
            Fault::BadSecret,
            told("client_credential", OPERATOR, &["credential", "client secret"]),
        ),
        ("429", Fault::Throttled(8), wait(8, &["Entra"])),
        ("503", Fault::Unavailable, told("upstream_unavailable", NOBODY, &["Entra"])),
        ("500 with a page", Fault::Html, told("upstream_unavailable", NOBODY, &["Entra"])),
        ("half of the JSON", Fault::Truncated, told("upstream_unavailable", NOBODY, &["Entra"])),
        ("a connection that ends", Fault::Reset, told("reset", OPERATOR, &["Entra", "broke off"])),
        (
            "blocked",
            Fault::Code(53003),
            told("blocked_by_policy", ADMINISTRATOR, &["Conditional Access", "does not help"]),
        ),
        ("a scope that is none", Fault::Code(70011), told("configuration", OPERATOR, &["not set up"])),
        ("two resources", Fault::Code(700_022), told("configuration", OPERATOR, &["not set up"])),
    ] {
        let server = Fixture::start().await;
        server.emulator.control().set_fault(Place::Exchange, "", fault.clone());
        for era in Era::BOTH {
            let answer = server.call_in(era, Some(&server.token("alice")), json!({})).await;
            check(name, &answer, &expected);
            let ids = answer.failure()["ids"].to_string();
            assert!(ids.contains("correlation id "), "{name}: {answer:?}");
            if let Fault::Code(code) = fault {
                assert!(ids.contains(&format!("AADSTS{code}")), "{name}: {answer:?}");
            }
        }
        assert_eq!(server.emulator.counters().graph_messages, 0, "{name}");
    }
}

#[tokio::test]
async fn missing_consent_links_to_where_it_is_granted() {
    let server = Fixture::start().await;
    let answer = server.call_as("noconsent").await;
    let link = format!("{}/{TENANT_ID}/adminconsent?client_id={API_CLIENT_ID}", server.emulator.http_url());
    assert_eq!(answer.failure()["link"], link);
    let text = answer.json()["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains(&link) && text.contains("AADSTS65001"), "{text}");
    // Nothing that a client can do repairs it, so it must never look like something to sign in for.
    assert_eq!(answer.header("www-authenticate"), None);
}

#[tokio::test]
async fn every_way_not_to_reach_graph_has_its_name() {
    let emulator_of_tls = Emulator::start(Config::default()).await.unwrap();
    let closed = ClosedPort::new();
    let hangs_up = Upstream::start(Manner::HangsUp).await;
    let no_tls = Upstream::start(http("400 Bad Request", "")).await;
    let moved = Upstream::start(http("302 Found\r\nlocation: https://evil.example/", "")).await;
    let page = Upstream::start(http("200 OK", "<html>welcome</html>")).await;
    let strange = Upstream::start(http("200 OK", "{\"other\":1}")).await;
    let torn = Upstream::start(http("200 OK", r#"{"value":[{"id":"MC1","title":"cut off \ud83d"}]}"#)).await;
    let huge = Upstream::start(http("200 OK", &"x".repeat(9 << 20))).await;
    for (name, url, expected) in [
        (
            "refused",
            format!("http://{}/v1.0", closed.address()),
            told("refused", OPERATOR, &["Microsoft Graph", "refused"]),
        ),
        (
            "no such name",
            "https://no-such-host.invalid/v1.0".to_owned(),
            told("dns", OPERATOR, &["could not be resolved", "DNS"]),
        ),
        ("a connection that ends", hangs_up.url("http"), told("reset", OPERATOR, &["broke off"])),
        ("no TLS there", no_tls.url("https"), told("tls_other", OPERATOR, &["TLS"])),
        (
            "a foreign CA",
            format!("{}/v1.0", emulator_of_tls.https_url()),
            told("tls_untrusted", OPERATOR, &["SSL_CERT_FILE"]),
        ),
        (
            "another address",
            format!("{}/v9.9", emulator_of_tls.http_url()),
            told("graph_not_found", OPERATOR, &["GRAPH_BASE_URL"]),
        ),
        ("a redirect, which is not followed", moved.url("http"), told("graph_unexpected", OPERATOR, &["302"])),
        ("a page", page.url("http"), told("graph_unreadable", NOBODY, &["not a message list"])),
        ("JSON of something else", strange.url("http"), told("graph_unreadable", NOBODY, &["not a message list"])),
        ("half of a character", torn.url("http"), told("graph_unreadable", NOBODY, &["not a message list"])),
        ("more than can be read", huge.url("http"), told("graph_too_large", CALLER, &["larger", "fewer"])),
    ] {
        let server = Fixture::with(&[("GRAPH_BASE_URL", &url)]).await;
        for era in Era::BOTH {
            let answer = server.call_in(era, Some(&server.token("alice")), json!({})).await;
            check(name, &answer, &expected);
        }
    }
}

#[tokio::test]
async fn graph_that_says_nothing_is_waited_for_thirty_seconds() {
    let silent = Upstream::start(Manner::Silent).await;
    let server = Fixture::with(&[("GRAPH_BASE_URL", &silent.url("http"))]).await;
    let time_passes = async {
        silent.reached().await;
        skip(Duration::from_secs(31)).await;
    };
    let (answer, ()) = tokio::join!(server.call_as("alice"), time_passes);
    check("no answer", &answer, &told("timeout", OPERATOR, &["no answer in time"]));
}

#[tokio::test]
async fn graph_is_not_asked_on_for_a_caller_who_has_left() {
    let silent = Upstream::start(Manner::Silent).await;
    let server = Fixture::with(&[("GRAPH_BASE_URL", &silent.url("http"))]).await;
    for era in Era::BOTH {
        let call = server.request(era, "tools/call", json!({"name": "getMessages", "arguments": {}}));
        let call = tokio::spawn(call.bearer_auth(server.token("alice")).send());
        silent.reached().await;
        call.abort();
        // It would be given up after thirty seconds all the same.
        tokio::time::timeout(Duration::from_secs(20), silent.left()).await.expect("the call goes on");
    }
}

#[tokio::test]
async fn entra_that_says_nothing_is_waited_for_ten_seconds() {
    let server = Fixture::start().await;
    server.emulator.control().set_fault(Place::Exchange, "alice", Fault::Slow(60_000));
    let time_passes = async {
        while server.emulator.counters().obo == 0 {
            tokio::task::yield_now().await;
        }
        skip(Duration::from_secs(11)).await;
    };
    let (answer, ()) = tokio::join!(server.call_as("alice"), time_passes);
    check("no answer", &answer, &told("timeout", OPERATOR, &["Entra", "no answer in time"]));
}

#[tokio::test]
async fn a_firewall_that_drops_connections_is_named() {
    let full = FullQueue::start().await;
    let graph = format!("http://127.0.0.1:{}/v1.0", full.port);
    let server = Fixture::with(&[("GRAPH_BASE_URL", &graph)]).await;
    let call = server.call_as("alice");
    tokio::pin!(call);
    for _ in 0..40 {
        // Until the exchange is over no time passes; afterwards one second at a time.
        for _ in 0..2_000 {
            tokio::select! {
                biased;
                answer = &mut call => {
                    return check("dropped", &answer, &told("connect_timeout", OPERATOR, &["no connection in time", "firewall"]));
                }
                () = tokio::task::yield_now() => {}
            }
        }
        if server.emulator.counters().obo > 0 {
            skip(Duration::from_secs(1)).await;
        }
    }
    panic!("the call waits for ever");
}

#[tokio::test]
async fn a_step_up_is_a_challenge_with_the_claims() {
    for (user, member, capabilities) in [("mfa", "acrs", ""), ("mfa2", "acrs", ""), ("cae", "nbf", "cp1")] {
        let server = Fixture::with(&[("GRAPH_CLIENT_CAPABILITIES", capabilities)]).await;
        for era in Era::BOTH {
            let answer = server.call_in(era, Some(&server.token(user)), json!({})).await;
            assert_eq!(answer.status, 401, "{user}: {answer:?}");
            let challenge = answer.header("www-authenticate").unwrap();
            for part in [
                "Bearer error=\"insufficient_claims\"".to_owned(),
                format!("realm=\"{TENANT_ID}\""),
                format!("authorization_uri=\"{}/{TENANT_ID}/oauth2/v2.0/authorize\"", server.emulator.http_url()),
                format!("resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"", server.base),
            ] {
                assert!(challenge.contains(&part), "{user}: {challenge}");
            }
            assert!(claims(challenge)["access_token"][member].is_object(), "{user}: {challenge}");
            assert_eq!(answer.json()["error"]["data"]["error"], "insufficient_claims", "{user}");
            let audited = server.log.last_audit();
            assert_eq!((&*audited["decision"], &*audited["reason"]), ("refused", "step_up"), "{user}");
            assert!(audited["oid"].starts_with("a1a1a1a1-"), "{user}: {audited:?}");
        }
        let stepped_up = server.emulator.mint(TokenSpec::user(user).stepped_up());
        server.call(Some(&stepped_up), json!({})).await.result();
    }
}

#[tokio::test]
async fn a_sign_in_that_entra_ended_asks_for_a_new_one() {
    let server = Fixture::start().await;
    let before = server.token("alice");
    server.emulator.control().revoke_user("alice");
    let answer = server.call(Some(&before), json!({})).await;
    assert_eq!((answer.status, &*server.log.last_audit()["reason"]), (401, "assertion_refused"), "{answer:?}");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer error=\"invalid_token\""));
    server.emulator.control().advance_clock(2);
    server.call(Some(&server.token("alice")), json!({})).await.result();
}

#[tokio::test]
async fn claims_that_no_exchange_can_meet_become_a_challenge_to_the_caller() {
    let server = Fixture::with(&[("GRAPH_CLIENT_CAPABILITIES", "cp1")]).await;
    server.emulator.control().set_fault(Place::Graph, "alice", Fault::Cae);
    for (number, era) in Era::BOTH.into_iter().enumerate() {
        let answer = server.call_in(era, Some(&server.token("alice")), json!({})).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer error=\"insufficient_claims\""), "{challenge}");
        assert!(claims(challenge)["access_token"]["nbf"].is_object(), "{challenge}");
        assert_eq!(server.log.last_audit()["reason"], "step_up");
        let counters = server.emulator.counters();
        let calls = 2 * (number as u64 + 1);
        assert_eq!((counters.obo, counters.graph_messages), (calls, calls), "one more exchange, one more attempt");
    }
    server.emulator.control().clear_fault(Place::Graph, "alice");
    server.call_as("alice").await.result();
}

#[tokio::test]
async fn a_client_without_the_capability_is_not_challenged() {
    let server = Fixture::start().await;
    server.call_as("cae").await.result();
}

fn claims(challenge: &str) -> Value {
    let encoded = challenge.split("claims=\"").nth(1).unwrap().split('"').next().unwrap();
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).unwrap();
    serde_json::from_slice(&decoded).unwrap()
}
