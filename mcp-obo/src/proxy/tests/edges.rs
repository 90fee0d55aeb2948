//! Other hosts, denied clients, and what is asked of Entra for a step-up.

use super::*;
use crate::testtenant::CLAIMS;

const LOCAL: &str = "http://localhost:8080";

/// Asks for a sign-in of the pre-registered client, about which nobody is asked.
fn known_client(more: &[(&str, &str)]) -> String {
    let resource = [("resource", "https://mcp.contoso.com/mcp")];
    let asked = [
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    format!("/authorize?{}", form(&[&asked[..], &resource, more].concat()))
}

#[tokio::test(start_paused = true)]
async fn another_spelling_of_loopback_is_led_home_before_any_cookie_is_set() {
    let mut scene = Scene::built(LOCAL, |builder| builder);
    scene.host = Some("localhost:8080");
    let client = scene.register().await;
    let asked = form(&[
        ("client_id", &client),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "a b&c"),
    ]);
    for path in [format!("/authorize?{asked}"), format!("/oauth2/v2.0/authorize?{asked}"), "/authorize/forget".into()] {
        scene.host = Some("127.0.0.1:8080");
        let away = scene.get(&path).await;
        assert_eq!((away.status, away.location().as_str()), (302, &*format!("{LOCAL}{path}")));
        assert!(!away.headers.contains_key(SET_COOKIE), "{path}");
        scene.host = Some("localhost:8080");
        let there = scene.get(&path).await;
        assert_eq!(there.status, 200, "and it is no loop: {path}: {}", there.text);
    }
    let page = scene.get(&format!("/authorize?{asked}")).await;
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    // A browser keeps the cookies of `localhost` from `127.0.0.1`.
    let own = std::mem::take(&mut scene.cookies);
    scene.host = Some("127.0.0.1:8080");
    assert_eq!(scene.post("/authorize/consent", &answer).await.status, 403, "a form is heard at its own host alone");
    scene.cookies = own;
    scene.host = Some("localhost:8080");
    assert_eq!(scene.post("/authorize/consent", &answer).await.status, 302);
}

#[tokio::test(start_paused = true)]
async fn a_server_behind_a_reverse_proxy_redirects_nobody_whatever_its_host_is_called() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    for host in [None, Some("mcp.contoso.com"), Some("mcp-0.internal:8080"), Some("127.0.0.1:8080"), Some("localhost")]
    {
        scene.host = host;
        assert_eq!(scene.authorize(&client).await.status, 200, "{host:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_client_is_shut_out_wherever_it_turns_up() {
    let registered = Scene::new().register().await;
    let ring = crate::seal::KeyRing::ephemeral();
    let mut before = Scene::built(ISSUER, |builder| builder.with_ring(ring.clone()));
    let own = before.register().await;
    let other = before.register().await;
    let denied = [&*own, CLIENT].map(|id| ClientDigest::of(id).to_string().parse().unwrap());
    let mut scene = Scene::built(ISSUER, |builder| builder.with_ring(ring).with_denied_clients(denied));
    assert!(registered != own, "each registration is another client");
    for (name, id) in [("registered", &*own), ("pre-registered", CLIENT), ("in capitals", &CLIENT.to_ascii_uppercase())]
    {
        crate::testlog::begin();
        let page = scene.authorize(id).await;
        assert!(page.status == 400 && !page.headers.contains_key(LOCATION), "{name}");
        assert!(page.text.contains("App not known"), "{name}: {}", page.text);
        let log = crate::testlog::logged();
        let digest = scene.proxy.0.clients.digest_of(id).to_string();
        assert!(log.contains(&digest) && log.contains("denied"), "{name}: {log}");
        for grant in [("grant_type", "authorization_code"), ("grant_type", "refresh_token")] {
            let refused =
                scene.post("/token", &[grant, ("client_id", id), ("code", "c"), ("refresh_token", "r")]).await;
            assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")), "{name}");
        }
    }
    assert_eq!(scene.authorize(&other).await.status, 200, "nobody else is shut out");
    assert_eq!(scene.tenant.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_clients_claims_go_to_entra_unless_a_challenge_of_this_server_says_more() {
    let mut scene = Scene::new();
    let mine = r#"{"access_token":{"acrs":{"essential":true,"value":"c9"}}}"#;
    let alice = json!({"oid": "alice", "scp": "access_as_user", "preferred_username": "alice@contoso.com"});
    let alice = scene.tenant.verified(alice).await;
    let step_up = scene.proxy.scope(alice.claims(), CLAIMS).unwrap();
    let scope = format!("access_as_user {step_up}");
    let stale = "access_as_user stepup.of-another-server";
    for (name, asked, expected) in [
        ("none", &[][..], None),
        ("the client's", &[("claims", mine)], Some(mine)),
        ("the challenge's", &[("scope", &*scope)], Some(CLAIMS)),
        ("both", &[("scope", &*scope), ("claims", mine)], Some(CLAIMS)),
        ("a challenge that says nothing any more", &[("scope", stale), ("claims", mine)], Some(mine)),
        ("an ID token's", &[("claims", r#"{"id_token":{"email":null}}"#)], None),
    ] {
        let away = query(&scene.get(&known_client(asked)).await.location());
        assert_eq!(away.get("claims").map(String::as_str), expected, "{name}");
        assert_eq!(away["scope"], format!("{CLIENT}/access_as_user offline_access"), "{name}");
    }
    let back = scene.get(&known_client(&[("claims", r#"{"userinfo":{}}"#), ("state", "s")])).await.location();
    assert!(back.as_str().starts_with(REDIRECT), "{back}");
    assert_eq!(query(&back)["error"], "invalid_request");
}

#[tokio::test(start_paused = true)]
async fn no_page_of_another_site_signs_anybody_in_unseen() {
    let mut scene = Scene::new();
    for (name, site, prompt, expected) in [
        ("a program on this computer", Some("none"), "none", Ok("none")),
        ("another site", Some("cross-site"), "none", Err("interaction_required")),
        ("a neighbour", Some("same-site"), "none", Err("interaction_required")),
        ("a browser that does not say", None, "none", Err("interaction_required")),
        ("another site, with an account to choose", Some("cross-site"), "select_account", Ok("select_account")),
        ("another site that says nothing", Some("cross-site"), "", Ok("select_account")),
    ] {
        scene.site = site;
        let away = scene.get(&known_client(&[("prompt", prompt)])).await.location();
        let told = query(&away);
        let found = told.get("error").map_or_else(|| Ok(&*told["prompt"]), |error| Err(&**error));
        assert_eq!(found, expected, "{name}: {away}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_all_its_old_challenges_can_still_answer_the_newest() {
    let mut scene = Scene::new();
    let alice = json!({"oid": "alice", "scp": "access_as_user", "preferred_username": "alice@contoso.com"});
    let alice = scene.tenant.verified(alice).await;
    let claims = |number: u32| format!(r#"{{"access_token":{{"acrs":{{"essential":true,"value":"c{number}"}}}}}}"#);
    let mut scopes: Vec<String> = vec!["access_as_user".to_owned()];
    for number in 0..12 {
        scene.tenant.clock.advance(std::time::Duration::from_secs(120));
        scopes.push(scene.proxy.scope(alice.claims(), &claims(number)).unwrap());
    }
    for (name, turned) in [("as they came", false), ("in another order", true)] {
        if turned {
            scopes.reverse();
        }
        let told = query(&scene.get(&known_client(&[("scope", &scopes.join(" "))])).await.location());
        assert_eq!(told.get("claims"), Some(&claims(11)), "{name}: {told:?}");
        assert_eq!(told["scope"], format!("{CLIENT}/access_as_user offline_access"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn claims_outlast_the_consent_page() {
    let mut scene = Scene::new();
    let client = scene.register().await;
    let asked = known_client(&[("claims", CLAIMS)]).replace(CLIENT, &client);
    let page = scene.get(&asked).await;
    let answer = [("ticket", ticket(&page.text)), ("answer", "approve")];
    let away = scene.post("/authorize/consent", &answer).await.location();
    assert_eq!(query(&away)["claims"], CLAIMS);
}

#[test]
fn what_has_to_be_registered_is_logged_when_the_proxy_is_built() {
    crate::testlog::begin();
    let tenant = Tenant::granting();
    for (app, platform) in [
        (ClientApp::own(ClientSecret::new(SECRET)), Platform::Web),
        (ClientApp::confidential(&tenant.app, ClientSecret::new(SECRET)), Platform::Web),
        (ClientApp::public(&tenant.app), Platform::MobileAndDesktop),
    ] {
        crate::testlog::begin();
        let proxy = Proxy::builder(&tenant.app, &tenant.verifier, app, ISSUER, &["access_as_user"]).build().unwrap();
        let registration = proxy.registration();
        assert_eq!(registration.callback(), "https://mcp.contoso.com/oauth/callback");
        assert_eq!((registration.app(), registration.platform()), (CLIENT, platform));
        let log = crate::testlog::logged();
        assert!(log.contains(&registration.to_string()) && !log.contains(SECRET), "{log}");
    }
}
