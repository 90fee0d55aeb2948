//! What an operator sets takes effect at every door that it is about.

use std::time::Duration;

use mcp_auth_layer::{clock::UnixTime, redirect::RedirectAllowlist};
use secrecy::SecretString;

use super::*;
use crate::{seal::KeyRing, testtenant::NOW};

const WEBSITE: &str = "https://app.contoso.com/cb";

fn website(builder: ProxyBuilder) -> ProxyBuilder {
    builder.with_redirects(RedirectAllowlist::parse_list(WEBSITE).unwrap())
}

/// Asks for the operator's own client, which goes back to a website, so that a person is asked.
async fn asks(scene: &mut Scene, redirect: &str, resource: &str) -> Seen {
    let asked = form(&[
        ("client_id", CLIENT),
        ("redirect_uri", redirect),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("resource", resource),
    ]);
    scene.get(&format!("/authorize?{asked}")).await
}

/// Approves, comes back, and redeems; returns the last answer.
async fn finishes(scene: &mut Scene, page: &Seen, more: &[(&str, &str)]) -> Seen {
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    let away = query(&scene.post("/authorize/consent", &answer).await.location());
    let back = scene.get(&format!("/oauth/callback?code=entra-code&state={}", away["state"])).await.location();
    assert!(back.as_str().starts_with(WEBSITE), "{back}");
    let code = query(&back)["code"].clone();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", WEBSITE),
    ];
    scene.post("/token", &[&redeem, more].concat()).await
}

/// Signs in, and returns the refresh token.
async fn session(scene: &mut Scene) -> String {
    let page = asks(scene, WEBSITE, &format!("{ISSUER}/mcp")).await;
    let granted = finishes(scene, &page, &[]).await.json();
    granted["refresh_token"].as_str().unwrap_or_else(|| panic!("{granted}")).to_owned()
}

async fn refresh(scene: &mut Scene, token: &str) -> u16 {
    let asked = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)];
    scene.post("/token", &asked).await.status
}

#[tokio::test(start_paused = true)]
async fn the_operators_list_is_the_one_list_from_the_sign_in_to_the_token() {
    let mut scene = Scene::built(ISSUER, website);
    let stopped = asks(&mut scene, REDIRECT, &format!("{ISSUER}/mcp")).await;
    assert!(
        stopped.status == 400 && !stopped.headers.contains_key(LOCATION),
        "what it does not name: {}",
        stopped.text
    );
    let page = asks(&mut scene, WEBSITE, &format!("{ISSUER}/mcp")).await;
    assert_eq!(finishes(&mut scene, &page, &[]).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_remembered_only_where_the_operator_wants_it() {
    let resource = format!("{ISSUER}/mcp");
    let mut plain = Scene::built(ISSUER, website);
    assert!(!asks(&mut plain, WEBSITE, &resource).await.text.contains("name=\"remember\""));
    let mut remembering = Scene::built(ISSUER, |builder| website(builder).with_remembered_consent());
    assert!(asks(&mut remembering, WEBSITE, &resource).await.text.contains("name=\"remember\""));
}

#[tokio::test(start_paused = true)]
async fn the_resource_is_the_one_that_the_operator_names() {
    let mut scene = Scene::built(ISSUER, |builder| website(builder).with_resource("/api"));
    assert_eq!(asks(&mut scene, WEBSITE, &format!("{ISSUER}/api")).await.status, 200);
    let back = asks(&mut scene, WEBSITE, &format!("{ISSUER}/mcp")).await.location();
    assert_eq!(query(&back)["error"], "invalid_target");
}

#[tokio::test(start_paused = true)]
async fn a_configured_secret_is_believed_and_no_other() {
    let with = |builder| website(builder).with_client_secret(SecretString::from("configured"));
    let mut scene = Scene::built(ISSUER, with);
    for (secret, expected) in [("another", 401), ("configured", 200)] {
        let page = asks(&mut scene, WEBSITE, &format!("{ISSUER}/mcp")).await;
        let seen = finishes(&mut scene, &page, &[("client_secret", secret)]).await;
        assert_eq!(seen.status, expected, "{secret}: {}", seen.text);
    }
}

#[tokio::test(start_paused = true)]
async fn registrations_and_sessions_end_when_the_operator_says_so() {
    let ring = KeyRing::ephemeral();
    let mut scene = Scene::built(ISSUER, |builder| builder.with_ring(ring.clone()));
    let client = scene.register().await;
    for (not_before, expected) in [(NOW, 200), (NOW + 1, 400)] {
        let mut later = Scene::built(ISSUER, |builder| {
            builder.with_ring(ring.clone()).with_clients_not_before(UnixTime::from_secs(not_before))
        });
        assert_eq!(later.authorize(&client).await.status, expected, "a registration: {not_before}");
    }
    let mut scene = Scene::built(ISSUER, |builder| website(builder).with_ring(ring.clone()));
    let token = session(&mut scene).await;
    for (not_before, expected) in [(NOW, 200), (NOW + 1, 400)] {
        let mut later = Scene::built(ISSUER, |builder| {
            website(builder).with_ring(ring.clone()).with_sessions_not_before(UnixTime::from_secs(not_before))
        });
        assert_eq!(refresh(&mut later, &token).await, expected, "a session: {not_before}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_as_long_as_the_operator_says_and_ninety_days_at_most() {
    const DAY: u64 = 24 * 60 * 60;
    for (asked, lasts) in [(DAY, DAY), (30 * DAY, 30 * DAY), (365 * DAY, 90 * DAY)] {
        let life = Duration::from_secs(asked);
        for (after, asked_of_entra) in [(lasts - 1, 2), (lasts, 1)] {
            let mut scene = Scene::built(ISSUER, |builder| website(builder).with_session_life(life));
            let token = session(&mut scene).await;
            scene.tenant.clock.advance(Duration::from_secs(after));
            let status = refresh(&mut scene, &token).await;
            assert_eq!(scene.tenant.exchanges(), asked_of_entra, "{asked} seconds, after {after}: {status}");
            assert_eq!(status == 400, after == lasts, "{asked} seconds, after {after}: {status}");
        }
    }
}
