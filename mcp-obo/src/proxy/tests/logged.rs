//! What an operator reads of those whom nobody served.

use super::*;
use crate::{
    proxy::{
        error::{OAuthCode, OAuthError},
        reference::Reference,
    },
    seal::KeyRing,
    testlog,
};

/// Returns the lines of what happened since the log began that say so.
fn lines(says: &str) -> Vec<String> {
    testlog::logged().lines().filter(|line| line.contains(says)).map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn a_registration_gives_a_name_to_what_stands_for_the_client_later() {
    let mut scene = Scene::new();
    testlog::begin();
    let id = scene.register().await;
    let [line] = &lines("a client registers")[..] else { panic!("{}", testlog::logged()) };
    assert!(line.contains(&ClientDigest::of(&id).to_string()) && line.contains("name=\"Code\""), "{line}");
    assert!(!line.contains(&id), "the id itself is what the client sends");
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_is_refused_says_what_the_list_lacks() {
    let mut scene = Scene::new();
    testlog::begin();
    let body = json!({"redirect_uris": ["https://claude.ai/api/mcp/auth_callback?to=x"]}).to_string();
    assert_eq!(scene.send("POST", "/register", "application/json", body).await.status, 400);
    let [line] = &lines("a client names a redirect URI that is not allowed")[..] else {
        panic!("{}", testlog::logged())
    };
    assert!(line.contains("host=\"claude.ai\"") && line.contains("rule=\"redirect_not_listed\""), "{line}");
    assert!(!line.contains("to=x"), "nothing else of what anybody may send: {line}");
    assert!(lines("a client was refused")[0].contains("invalid_redirect_uri"));
}

#[tokio::test(start_paused = true)]
async fn a_client_under_a_key_that_is_gone_is_told_from_a_session_that_is_over() {
    let mut before = Scene::built(ISSUER, |builder| builder.with_ring(KeyRing::ephemeral()));
    let stranger = before.register().await;
    let mut scene = Scene::new();
    let own = scene.register().await;
    for (client, level, says) in [(&stranger, " WARN ", "a sealing key"), (&own, " INFO ", "the session is over")] {
        testlog::begin();
        let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", "gone")];
        assert!([400, 401].contains(&scene.post("/token", &form).await.status));
        let refused = lines("a client was refused");
        assert!(refused.len() == 1 && refused[0].contains(level), "{}", testlog::logged());
        let log = testlog::logged();
        assert!(log.contains(says) && log.contains(&ClientDigest::of(client).to_string()), "{log}");
        assert!(!log.contains("gone\"") && !log.contains(client.as_str()), "{log}");
    }
    testlog::begin();
    scene.authorize(&stranger).await;
    assert!(lines("a sign-in was stopped")[0].contains("a sealing key"));
}

#[tokio::test(start_paused = true)]
async fn what_a_client_is_told_through_the_browser_is_logged_with_who_it_is() {
    let mut scene = Scene::new();
    let id = scene.register().await;
    let asked = [("client_id", &*id), ("redirect_uri", REDIRECT), ("response_type", "token")];
    testlog::begin();
    assert_eq!(scene.get(&format!("/authorize?{}", form(&asked))).await.status, 302);
    let [line] = &lines("a client was refused")[..] else { panic!("{}", testlog::logged()) };
    assert!(line.contains("unsupported_response_type") && line.contains(&ClientDigest::of(&id).to_string()), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_comes_back_to_nothing_is_explained() {
    let mut scene = Scene::new();
    let state = "0123456789abcdef0123456789abcdef";
    for (query, says) in
        [("code=x", "no answer of the sign-in"), (&*format!("code=x&state={state}"), "no such sign-in")]
    {
        testlog::begin();
        let page = scene.get(&format!("/oauth/callback?{query}")).await;
        let [line] = &lines("a browser came back")[..] else { panic!("{}", testlog::logged()) };
        let reference = line.split("reference=").nth(1).unwrap().split(' ').next().unwrap();
        assert!(line.contains(says) && page.text.contains(reference), "{line}: {}", page.text);
    }
}

#[test]
fn what_has_a_reference_is_in_the_log_already() {
    let told = OAuthError::referring(OAuthCode::ServerError, "words", Reference::random());
    testlog::begin();
    told.log();
    assert_eq!(testlog::logged(), "");
    OAuthError::new(OAuthCode::InvalidRequest, "words").log();
    assert_eq!(lines("a client was refused").len(), 1);
}
