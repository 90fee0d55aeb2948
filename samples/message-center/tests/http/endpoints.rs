//! What the server answers beside `/mcp`.

use std::time::Duration;

use entra_emulator::{API_CLIENT_ID, Config, Emulator, Fault, Place, TENANT_ID};
use serde_json::{Value, json};

use crate::support::{Answer, Fixture, skip};

#[tokio::test]
async fn the_process_lives_whatever_else_fails() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    emulator.control().set_fault(Place::Discovery, "", Fault::Unavailable);
    let server = Fixture::over(emulator, &[]).await;
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"ok": true})));
    // Probes send the address of the pod, and no credential.
    let probe = server.http.get(server.url("/healthz")).header("host", "10.0.0.7:8080").send().await.unwrap();
    assert_eq!(probe.status(), 200);
}

#[tokio::test]
async fn readiness_waits_for_keys_and_says_so() {
    for place in [Place::Keys, Place::Discovery] {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        emulator.control().set_fault(place, "", Fault::Unavailable);
        let server = Fixture::over(emulator, &[]).await;
        for _ in 0..2 {
            let answer = server.get("/readyz").await;
            assert_eq!((answer.status, &answer.json()["ready"]), (503, &json!(false)), "{place:?}");
            let reasons = answer.json()["reasons"].clone();
            // Without discovery nobody knows whom to ask about the credential.
            let expected = if place == Place::Keys {
                json!(["keys_not_loaded"])
            } else {
                json!(["keys_not_loaded", "credential_unproved"])
            };
            assert_eq!(reasons, expected, "{place:?}");
        }
        server.emulator.control().clear_fault(place, "");
        skip(Duration::from_secs(31)).await;
        let answer = server.get("/readyz").await;
        let expected = json!({
            "ready": true, "reasons": [], "warnings": [],
            "credentials": [{"kind": "client_secret", "endsAt": null, "setBack": false}],
        });
        assert_eq!((answer.status, answer.json()), (200, expected), "{place:?}");
    }
}

#[tokio::test]
async fn an_outage_of_entra_does_not_unready_a_server_that_still_serves() {
    let server = Fixture::start().await;
    server.call_as("alice").await.result();
    for place in [Place::Keys, Place::Discovery, Place::Exchange] {
        server.emulator.control().set_fault(place, "", Fault::Unavailable);
    }
    server.call_as("bob").await.failure();
    skip(Duration::from_secs(3 * 3_600)).await;
    assert_eq!(server.get("/readyz").await.status, 200);
    // Older keys than any outage may last are no keys.
    skip(Duration::from_secs(22 * 3_600)).await;
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["reasons"]), (503, &json!(["keys_too_old"])));
}

#[tokio::test]
async fn a_credential_that_is_refused_later_is_told_and_no_reason() {
    let server = Fixture::start().await;
    assert_eq!(server.get("/readyz").await.json()["warnings"], json!([]));
    let bob = server.token("bob");
    server.call(Some(&bob), json!({"top": 1})).await.result();
    server.emulator.control().set_fault(Place::Exchange, "", Fault::BadSecret);
    assert_eq!(server.call_as("alice").await.failure()["kind"], "client_credential");
    let answer = server.get("/readyz").await;
    let told = (&answer.json()["reasons"], &answer.json()["warnings"]);
    assert_eq!((answer.status, told), (200, (&json!([]), &json!(["credential_refused"]))));
    // Whoever has a token is served all the same.
    // Whoever has a token is served all the same, which proves nothing.
    server.call(Some(&bob), json!({"top": 1})).await.result();
    assert_eq!(server.get("/readyz").await.json()["credentials"][0]["setBack"], json!(true));
    server.emulator.control().clear_fault(Place::Exchange, "");
    skip(Duration::from_secs(5)).await;
    server.call_as("alice").await.result();
    assert_eq!(server.get("/readyz").await.json()["warnings"], json!([]));
}

#[tokio::test]
async fn a_server_whose_credential_entra_never_accepted_is_not_ready() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    emulator.control().set_fault(Place::ClientSecret, "", Fault::BadSecret);
    let server = Fixture::over(emulator, &[]).await;
    for _ in 0..3 {
        let answer = server.get("/readyz").await;
        assert_eq!((answer.status, &answer.json()["reasons"]), (503, &json!(["credential_refused"])));
    }
    assert_eq!(server.emulator.counters().client_credentials, 1, "probes do not fill the sign-in log");
    server.emulator.control().clear_fault(Place::ClientSecret, "");
    skip(Duration::from_secs(31)).await;
    server.get("/readyz").await;
    assert_eq!(server.get("/readyz").await.status, 200);
    for _ in 0..3 {
        server.get("/readyz").await;
    }
    assert_eq!(server.emulator.counters().client_credentials, 2, "once it is accepted, nobody asks again");
}

#[tokio::test]
async fn a_server_without_calls_does_not_stay_unready_for_ever() {
    let server = Fixture::start().await;
    server.emulator.control().set_fault(Place::Exchange, "", Fault::BadSecret);
    server.call_as("alice").await.failure();
    // The probe itself asks, and the next one hears.
    assert_eq!(server.get("/readyz").await.status, 503);
    for _ in 0..100 {
        if server.get("/readyz").await.status == 200 {
            return;
        }
    }
    panic!("it stays unready");
}

#[tokio::test]
async fn the_documents_list_only_what_answers() {
    let server = Fixture::start().await;
    let authority = format!("{}/{TENANT_ID}", server.emulator.http_url());
    let discover = server.get("/discover").await;
    let oauth = server.get("/.well-known/oauth-authorization-server").await;
    let openid = server.get("/.well-known/openid-configuration").await;
    for answer in [&discover, &oauth, &openid] {
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
        assert_eq!(answer.json()["issuer"], server.base, "byte for byte");
    }
    let (discover, oauth, openid) = (discover.json(), oauth.json(), openid.json());
    assert_eq!(discover["scopes"], format!("{API_CLIENT_ID}/access_as_user offline_access"));
    assert_eq!((&discover["tenantId"], &discover["pkceRequired"]), (&json!(TENANT_ID), &json!(true)));
    for (document, name, expected) in [
        (&discover, "authorizationUrl", server.url("/authorize")),
        (&discover, "tokenUrl", server.url("/token")),
        (&oauth, "authorization_endpoint", server.url("/authorize")),
        (&oauth, "token_endpoint", server.url("/token")),
        (&oauth, "registration_endpoint", server.url("/register")),
        (&openid, "token_endpoint", server.url("/token")),
        (&openid, "jwks_uri", format!("{authority}/discovery/v2.0/keys")),
    ] {
        assert_eq!(document[name], expected, "{name}");
    }
    // Clients that insist on OpenID Connect Discovery 1.0 section 3 find what it requires.
    assert_eq!(openid["subject_types_supported"], json!(["pairwise"]));
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["RS256"]));
    // Whatever looks like an address is asked.
    let mut asked = 0;
    let documents = [&discover, &oauth, &openid].map(|document| document.as_object().unwrap());
    for (name, value) in documents.into_iter().flatten() {
        let Some(url) = value.as_str().filter(|text| text.starts_with("http")) else { continue };
        let url = if name == "issuer" { format!("{url}/.well-known/openid-configuration") } else { url.to_owned() };
        let posts = name.starts_with("token") || name.starts_with("registration");
        let request = if posts { server.http.post(&url) } else { server.http.get(&url) };
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert!(!matches!(answer.status, 404 | 405) && answer.status < 500, "{name}: {url}: {answer:?}");
        asked += 1;
    }
    assert_eq!(asked, 12);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Fixture::start().await;
    for path in ["/revoke", "/oauth", "/oauth/", "/authorize/", "/"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_protected_resource_names_itself_and_this_server_at_both_addresses() {
    let server = Fixture::start().await;
    let mut documents = Vec::new();
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
        let document = answer.json();
        assert_eq!(document["resource"], server.url("/mcp"), "{path}");
        assert_eq!(document["authorization_servers"], json!([server.base]), "{path}");
        assert_eq!(document["scopes_supported"], json!(["access_as_user"]), "{path}");
        assert_eq!(document["bearer_methods_supported"], json!(["header"]), "{path}");
        let post = server.http.post(server.url(path)).send().await.unwrap();
        assert_eq!(post.status(), 405, "{path}");
        documents.push(document);
    }
    assert_eq!(documents[0], documents[1]);
    // The address in a challenge is one of them.
    let challenge = server.call(None, Value::Object(Default::default())).await;
    let challenge = challenge.header("www-authenticate").unwrap();
    assert!(challenge.contains(&format!("\"{}\"", server.url("/.well-known/oauth-protected-resource/mcp"))));
}

#[tokio::test]
async fn documents_are_unavailable_while_the_tenant_is() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    emulator.control().set_fault(Place::Discovery, "", Fault::Unavailable);
    let server = Fixture::over(emulator, &[]).await;
    for path in ["/discover", "/.well-known/openid-configuration"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!((1..=5).contains(&answer.header("retry-after").unwrap().parse::<u64>().unwrap()), "{path}");
    }
    server.emulator.control().clear_fault(Place::Discovery, "");
    skip(Duration::from_secs(6)).await;
    assert_eq!(server.get("/discover").await.status, 200);
}
