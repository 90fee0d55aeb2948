//! What an operator's Prometheus reads.

use std::collections::BTreeSet;

use entra_emulator::{API_CLIENT_ID, CLIENT_ID, Config, Emulator, TENANT_ID, TokenSpec};
use serde_json::json;

use crate::support::{Answer, Era, client, person::Person, program::Program, request, variables};

#[tokio::test]
async fn metrics_tell_calls_decisions_and_the_cache_and_nothing_of_anybody() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let variables = variables(&emulator, "");
    let pairs: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let program = Program::start(&[], &pairs, None).await.serving().await;
    let token = emulator.mint(TokenSpec::user("alice"));
    let call = async |arguments: serde_json::Value, token: Option<&str>| {
        let call = json!({"name": "getMessages", "arguments": arguments});
        let request = request(&client(), &program.base, Era::Modern, "tools/call", call);
        let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
        Answer::of(request.send().await.unwrap()).await
    };
    call(json!({"top": 1}), Some(&token)).await.result();
    call(json!({"top": 2}), Some(&token)).await.result();
    assert_eq!(call(json!({"flavour": "sweet"}), Some(&token)).await.failure()["kind"], "invalid_arguments");
    assert_eq!(call(json!({}), None).await.status, 401);

    let answer = Answer::of(client().get(format!("{}/metrics", program.base)).send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    for line in [
        r#"mcp_obo_lookups_total{answer="memory"} 1"#,
        r#"mcp_obo_lookups_total{answer="entra"} 1"#,
        r#"mcp_obo_exchange_seconds_count{outcome="granted"} 1"#,
        "mcp_obo_cache_entries 1",
        r#"message_center_call_seconds_count{outcome="messages"} 2"#,
        r#"message_center_call_seconds_count{outcome="invalid_arguments"} 1"#,
        r#"mcp_auth_decisions_total{decision="refused",reason="no_credentials"} 1"#,
        // A verdict that had to wait for the keys is not kept, because nobody can say of which generation it is.
        r#"mcp_auth_verdicts_total{known="yes"} 1"#,
        r#"mcp_auth_key_fetches_total{result="success"} 1"#,
        "# TYPE mcp_obo_exchange_seconds histogram",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line} is not among\n{}", answer.text);
    }
    let series: BTreeSet<_> = answer.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let helped: Vec<_> = answer.text.lines().filter_map(|line| line.strip_prefix("# HELP ")).collect();
    assert_eq!(series.len(), helped.len(), "{series:?} {helped:?}");
    for secret in [&*token, TENANT_ID, CLIENT_ID, API_CLIENT_ID, "alice", "eyJ"] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn sign_ins_are_counted_by_what_came_of_them() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let variables = variables(&emulator, "");
    let pairs: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let program = Program::start(&[], &pairs, None).await.serving().await;
    let mut person = Person::at(&program.base);
    let signed_in = person.sign_in("alice").await;
    person.refresh(&signed_in.client, &signed_in.refresh).await;
    person.refresh(&signed_in.client, "another").await;
    person.get(&person.request("mcp.nobody", &[])).await;
    person.get(&person.request(&signed_in.client, &[("redirect_uri", "https://evil.example/")])).await;
    person.get(&person.request(&signed_in.client, &[("scope", "Mail.Read")])).await;
    let (callback, consent) = (person.url("/oauth/callback?state=0&code=x"), person.url("/authorize/consent"));
    person.get(&callback).await;
    person.post(&consent, &[("answer", "approve")]).await;
    person.get(&consent).await;

    let text = client().get(format!("{}/metrics", program.base)).send().await.unwrap().text().await.unwrap();
    for (endpoint, outcome, count) in [
        ("register", "ok", 1),
        ("authorize", "asked", 1),
        ("consent", "ok", 1),
        ("callback", "ok", 1),
        ("token", "ok", 2),
        ("token", "invalid_grant", 1),
        ("authorize", "stopped_client", 1),
        ("authorize", "stopped_redirect", 1),
        ("authorize", "invalid_scope", 1),
        ("callback", "stopped_malformed", 1),
        ("consent", "stopped_form", 1),
        ("consent", "unanswered", 1),
    ] {
        let line = format!(r#"mcp_obo_proxy_answers_total{{endpoint="{endpoint}",outcome="{outcome}"}} {count}"#);
        assert!(text.lines().any(|found| found == line), "{line} is not among\n{text}");
    }
    assert!(!text.contains("metadata"), "{text}");
}
