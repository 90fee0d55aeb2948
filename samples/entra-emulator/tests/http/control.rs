use std::time::{Duration, Instant};

use entra_emulator::{Config, Emulator, Fault, Place, TENANT_ID, TokenSpec};
use serde_json::{Value, json};

use super::tenant::{OBO, Tenant};

#[tokio::test]
async fn trouble_at_the_exchange_is_switched_over_http_for_one_user_or_for_all() {
    let tenant = Tenant::start().await;
    for (name, fault, status, retry_after) in [
        ("throttled", json!({"throttled": 7}), 429, "7"),
        ("a page", json!({"throttled_page": 8}), 429, "8"),
        ("unavailable", json!("unavailable"), 503, ""),
        ("HTML", json!("html"), 500, ""),
        ("no consent", json!("no_consent"), 400, ""),
        ("a bad secret", json!("bad_secret"), 401, ""),
        ("any code", json!({"code": 500_011}), 400, ""),
    ] {
        let change = json!({"place": "exchange", "user": "alice", "fault": fault});
        assert_eq!(tenant.post_json("/_emulator/faults", &change).await.status, 204, "{name}");
        let answer = tenant.exchange_for("alice", &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (status, retry_after), "{name}");
        assert_eq!(tenant.exchange_for("bob", &[]).await.status, 200, "{name}: nobody else is touched");
    }
    let everybody = json!({"place": "exchange", "fault": {"code": 90033}});
    tenant.post_json("/_emulator/faults", &everybody).await;
    assert_eq!(tenant.exchange_for("bob", &[]).await.verdict().1, 90033);
    for user in ["", "alice"] {
        tenant.post_json("/_emulator/faults", &json!({"place": "exchange", "user": user})).await;
    }
    assert_eq!(tenant.exchange_for("alice", &[]).await.status, 200);
    assert_eq!(tenant.post_json("/_emulator/faults", &json!({"place": "nowhere"})).await.status, 422);
}

#[tokio::test]
async fn a_date_to_come_back_at_is_on_the_tenant_s_clock() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    control.set_fault(Place::Exchange, "alice", Fault::ThrottledUntil(60));
    let read = |text: &str| {
        assert!(text.len() == "Sun, 06 Nov 1994 08:49:37 GMT".len() && text.ends_with(" GMT"), "{text}");
        text.to_owned()
    };
    let before = read(tenant.exchange_for("alice", &[]).await.header("retry-after"));
    control.advance_clock(24 * 3_600);
    let after = read(tenant.exchange_for("alice", &[]).await.header("retry-after"));
    assert_ne!(before[..16], after[..16], "a day later");
}

#[tokio::test]
async fn an_answer_can_be_cut_off_held_back_or_never_come() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    control.set_fault(Place::Exchange, "alice", Fault::Truncated);
    let truncated = tenant.exchange_for("alice", &[]).await;
    assert!(truncated.status == 200 && serde_json::from_str::<Value>(&truncated.text).is_err());
    control.set_fault(Place::Exchange, "alice", Fault::Slow(120));
    let start = Instant::now();
    assert_eq!(tenant.exchange_for("alice", &[]).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(120));
    control.set_fault(Place::Exchange, "alice", Fault::Reset);
    let assertion = tenant.emulator.mint(TokenSpec::user("alice"));
    let form = [
        ("grant_type", OBO),
        ("client_id", entra_emulator::API_CLIENT_ID),
        ("client_secret", entra_emulator::API_CLIENT_SECRET),
        ("assertion", &assertion),
        ("scope", super::tenant::GRAPH_DEFAULT),
        ("requested_token_use", "on_behalf_of"),
    ];
    let reset = tenant.http.post(tenant.token_endpoint()).form(&form).send().await;
    assert!(reset.is_err_and(|error| !error.is_timeout() && error.status().is_none()));
}

#[tokio::test]
async fn documents_and_keys_fail_on_demand() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    let document = format!("/{TENANT_ID}/v2.0/.well-known/openid-configuration");
    let keys = format!("/{TENANT_ID}/discovery/v2.0/keys");
    for (place, path) in [(Place::Discovery, &document), (Place::Keys, &keys)] {
        control.set_fault(place, "", Fault::Unavailable);
        assert_eq!(tenant.get(path).await.status, 503, "{path}");
        for fault in [Fault::Html, Fault::Truncated] {
            control.set_fault(place, "", fault);
            let text = tenant.get(path).await.text;
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{path}: {text}");
        }
        control.set_fault(place, "", Fault::Reset);
        assert!(tenant.http.get(tenant.url(path)).send().await.is_err(), "{path}");
        control.clear_fault(place, "");
        assert_eq!(tenant.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn counters_tell_what_was_asked_and_start_again() {
    let tenant = Tenant::start().await;
    let token = tenant.exchange_for("alice", &[]).await.access_token();
    tenant.exchange_for("alice", &[("scope", "nonsense")]).await;
    tenant.graph(&token).await;
    let counters = tenant.get("/_emulator/counters").await.json();
    assert_eq!((&counters["obo"], &counters["graph_messages"]), (&json!(2), &json!(1)));
    assert_eq!(counters["obo_by_user"], json!({"alice": 2}));
    assert_eq!(counters["graph_by_user"], json!({"alice": 1}));
    assert_eq!(tenant.post_json("/_emulator/counters/reset", &Value::Null).await.status, 200);
    assert_eq!(tenant.get("/_emulator/counters").await.json()["obo"], 0);
    assert_eq!(tenant.emulator.counters(), Default::default());
}

#[tokio::test]
async fn the_clock_is_moved_over_http() {
    let tenant = Tenant::start().await;
    let token = tenant.emulator.mint(TokenSpec::user("alice"));
    let moved = tenant.post_json("/_emulator/clock", &json!({"advance_seconds": 7_200})).await;
    assert_eq!(moved.status, 204);
    assert_eq!(tenant.exchange(&token, &[]).await.verdict().1, 500_133);
    tenant.post_json("/_emulator/clock", &json!({"advance_seconds": -7_200})).await;
    assert_eq!(tenant.exchange(&token, &[]).await.status, 200);
}

#[tokio::test]
async fn parameters_that_come_twice_and_tenants_that_are_none_are_refused() {
    let tenant = Tenant::start().await;
    let post = |path: &str, body: &'static str| {
        let request = tenant.http.post(tenant.url(path)).header("content-type", "application/x-www-form-urlencoded");
        async move { super::tenant::Answer::read(request.body(body).send().await.unwrap()).await }
    };
    let ours = format!("/{TENANT_ID}/oauth2/v2.0/token");
    assert_eq!(post(&ours, "grant_type=a&grant_type=b").await.verdict().1, 9_002_313);
    for other in ["fabrikam.example", "consumers"] {
        let answer = post(&format!("/{other}/oauth2/v2.0/token"), "grant_type=a").await;
        assert_eq!(answer.verdict().1, 90002, "{other}");
    }
}

#[tokio::test]
async fn https_is_served_under_a_certificate_of_the_emulator_s_own_authority() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let authority = reqwest::Certificate::from_pem(emulator.ca_pem().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let url = emulator.https_url();
    for base in [url.clone(), url.replace("localhost", "127.0.0.1")] {
        let document = format!("{base}/{TENANT_ID}/v2.0/.well-known/openid-configuration");
        let response = trusting.get(document).send().await.unwrap();
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["issuer"], format!("{base}/{TENANT_ID}/v2.0"), "documents follow scheme and host");
    }
    let served = trusting.get(format!("{url}/_emulator/ca.pem")).send().await.unwrap().text().await.unwrap();
    assert_eq!(served, emulator.ca_pem());
    let other = Emulator::start(Config::default()).await.unwrap();
    let stranger = reqwest::Certificate::from_pem(other.ca_pem().as_bytes()).unwrap();
    let distrusting = reqwest::Client::builder().no_proxy().tls_certs_only([stranger]).build().unwrap();
    assert!(distrusting.get(format!("{url}/common/discovery/instance")).send().await.is_err());
}

#[tokio::test]
async fn a_dropped_emulator_answers_no_more() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let (url, ca) = (format!("{}/_emulator/ca.pem", emulator.http_url()), emulator.ca_pem().to_owned());
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    assert_eq!(http.get(&url).send().await.unwrap().text().await.unwrap(), ca);
    drop(emulator);
    tokio::task::yield_now().await;
    // The port is anybody's from now on, such as another emulator's.
    if let Ok(other) = http.get(&url).send().await {
        assert_ne!(other.text().await.unwrap_or_default(), ca);
    }
}
