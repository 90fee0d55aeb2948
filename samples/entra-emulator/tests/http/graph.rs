use entra_emulator::{CLIENT_ID, Fault, Place, TENANT_ID, TokenSpec};
use serde_json::{Value, json};

use super::tenant::{Answer, CP1, MESSAGES, Tenant};

const CHALLENGED: &str = "Bearer realm=\"\", authorization_uri=https://login.microsoftonline.com/";

async fn graph_token(tenant: &Tenant, user: &str, claims: &str) -> String {
    tenant.exchange_for(user, &[("claims", claims)]).await.access_token()
}

/// Reads the claims of a challenge in the form that Graph really sends.
fn challenge(answer: &Answer) -> Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let header = answer.header("www-authenticate");
    assert!(header.starts_with(&format!("{CHALLENGED}{TENANT_ID}")), "{header}");
    assert!(header.contains(", error=\"insufficient_claims\", claims=\""), "{header}");
    let (_, claims) = header.split_once(" claims=\"").unwrap();
    serde_json::from_slice(&STANDARD.decode(claims.trim_end_matches('"')).unwrap()).unwrap()
}

#[tokio::test]
async fn graph_takes_only_tokens_that_were_issued_for_it() {
    let tenant = Tenant::start().await;
    let alice = graph_token(&tenant, "alice", "").await;
    let (start, signature) = alice.rsplit_once('.').unwrap();
    let broken = format!("{start}.{}", signature.chars().rev().collect::<String>());
    let scope = "https://graph.microsoft.com/User.Read";
    let narrow = tenant.exchange_for("alice", &[("scope", scope)]).await.access_token();
    let forged = tenant.emulator.mint(TokenSpec::user("alice").claim("aud", "https://graph.microsoft.com"));
    for (name, token, status, code) in [
        ("good", alice.clone(), 200, ""),
        ("for our API", tenant.emulator.mint(TokenSpec::user("alice")), 401, "InvalidAuthenticationToken"),
        ("for Graph by its name only", forged, 401, "InvalidAuthenticationToken"),
        ("a broken signature", broken, 401, "InvalidAuthenticationToken"),
        ("no token at all", "x".to_owned(), 401, "InvalidAuthenticationToken"),
        ("without the scope", narrow, 403, "Forbidden"),
        ("without the role", graph_token(&tenant, "norole", "").await, 403, "Forbidden"),
    ] {
        let answer = tenant.graph(&token).await;
        let body = answer.json();
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(body["error"]["code"].as_str().unwrap_or_default(), code, "{name}");
        let id = answer.header("request-id");
        assert!(!id.is_empty(), "{name}");
        if status != 200 {
            assert_eq!(body["error"]["innerError"]["request-id"], id, "{name}");
        }
    }
    assert_eq!(tenant.get(MESSAGES).await.status, 401, "nor a request without a token");
    tenant.emulator.control().advance_clock(3 * 3_600);
    assert_eq!(tenant.graph(&alice).await.status, 401, "nor one that has expired");
    assert_eq!(tenant.emulator.counters().graph_messages, 9);
}

#[tokio::test]
async fn the_profile_and_a_single_message_are_behind_the_same_check() {
    let tenant = Tenant::start().await;
    let token = graph_token(&tenant, "norole", "").await;
    let get = |path: &str| tenant.http.get(tenant.url(path)).bearer_auth(&token).send();
    let me = Answer::read(get("/v1.0/me").await.unwrap()).await;
    assert_eq!(me.json()["userPrincipalName"], "norole@contoso.onmicrosoft.com");
    let first = tenant.graph(&graph_token(&tenant, "alice", "").await).await.json()["value"][0]["id"].clone();
    let path = format!("/v1.0/admin/serviceAnnouncement/messages/{}", first.as_str().unwrap());
    assert_eq!(get(&path).await.unwrap().status(), 403);
    let alice = graph_token(&tenant, "alice", "").await;
    let read = |path: String| tenant.http.get(tenant.url(&path)).bearer_auth(&alice).send();
    assert_eq!(Answer::read(read(path).await.unwrap()).await.json()["id"], first);
    assert_eq!(read("/v1.0/admin/serviceAnnouncement/messages/MC0".to_owned()).await.unwrap().status(), 404);
    assert_eq!(tenant.get("/v1.0/me").await.status, 401);
}

#[tokio::test]
async fn switched_on_trouble_looks_like_graph_s() {
    let tenant = Tenant::start().await;
    let (alice, bob) = (graph_token(&tenant, "alice", "").await, graph_token(&tenant, "bob", "").await);
    let control = tenant.emulator.control();
    for (name, fault, status, retry_after) in [
        ("throttled", Fault::Throttled(7), 429, "7"),
        ("throttled, a page", Fault::ThrottledPage(9), 429, "9"),
        ("unavailable", Fault::Unavailable, 503, ""),
        ("a bad request", Fault::BadRequest, 400, ""),
        ("unauthorized", Fault::Unauthorized, 401, ""),
        ("forbidden", Fault::Forbidden, 403, ""),
        ("a page of HTML", Fault::Html, 500, ""),
        ("a challenge, even unasked", Fault::Cae, 401, ""),
    ] {
        control.set_fault(Place::Graph, "alice", fault);
        let answer = tenant.graph(&alice).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (status, retry_after), "{name}");
        assert_eq!(tenant.graph(&bob).await.status, 200, "{name}: nobody else is touched");
    }
    assert!(challenge(&tenant.graph(&alice).await)["access_token"]["nbf"].is_object());
    control.set_fault(Place::Graph, "alice", Fault::Truncated);
    let truncated = tenant.graph(&alice).await;
    assert!(truncated.status == 200 && serde_json::from_str::<Value>(&truncated.text).is_err());
    control.set_fault(Place::Graph, "alice", Fault::Reset);
    assert!(tenant.http.get(tenant.url(MESSAGES)).bearer_auth(&alice).send().await.is_err());
    control.clear_fault(Place::Graph, "alice");
    assert_eq!(tenant.graph(&alice).await.status, 200);
}

#[tokio::test]
async fn only_a_capable_client_is_challenged_and_a_new_sign_in_answers() {
    let tenant = Tenant::start().await;
    assert_eq!(tenant.graph(&graph_token(&tenant, "cae", "").await).await.status, 200, "without cp1");
    let refused = tenant.graph(&graph_token(&tenant, "cae", CP1).await).await;
    assert_eq!(refused.status, 401);
    let mut claims = challenge(&refused);
    claims["access_token"]["xms_cc"] = json!({"values": ["cp1"]});
    let claims = claims.to_string();
    let again = tenant.exchange_for("cae", &[("claims", &claims)]).await;
    assert_eq!(again.verdict(), (400, 50173, "interaction_required".to_owned()));
    assert!(again.member("claims").contains("nbf"));
    let code = tenant.code(&[("login_hint", "cae"), ("claims", &claims)]).await;
    let fresh = tenant.redeem(&code, &[]).await.access_token();
    let token = tenant.exchange(&fresh, &[("claims", CP1)]).await.access_token();
    assert_eq!(tenant.graph(&token).await.status, 200);
}

#[tokio::test]
async fn a_challenge_that_an_exchange_can_answer_is_answered_by_its_claims() {
    let tenant = Tenant::start().await;
    tenant.emulator.control().set_fault(Place::Graph, "alice", Fault::CaeUntilMet);
    assert_eq!(tenant.graph(&graph_token(&tenant, "alice", "").await).await.status, 200, "without cp1");
    let refused = tenant.graph(&graph_token(&tenant, "alice", CP1).await).await;
    let mut claims = challenge(&refused);
    assert_eq!(tenant.graph(&graph_token(&tenant, "alice", CP1).await).await.status, 401, "cp1 alone answers nothing");
    claims["access_token"]["xms_cc"] = json!({"values": ["cp1"]});
    assert_eq!(tenant.graph(&graph_token(&tenant, "alice", &claims.to_string()).await).await.status, 200);
}

#[tokio::test]
async fn a_revocation_challenges_the_tokens_of_capable_clients_only() {
    let tenant = Tenant::start().await;
    let (capable, plain) = (graph_token(&tenant, "bob", CP1).await, graph_token(&tenant, "bob", "").await);
    tenant.emulator.control().revoke_user("bob");
    assert!(challenge(&tenant.graph(&capable).await)["access_token"].is_object());
    assert_eq!(tenant.graph(&plain).await.status, 200, "others live on until they expire");
}

#[tokio::test]
async fn graph_scopes_can_be_had_by_signing_in_but_policy_is_judged_at_each_refresh() {
    let tenant = Tenant::start().await;
    let scope = "https://graph.microsoft.com/ServiceMessage.Read.All offline_access";
    for (user, for_graph, later) in [("mfa", 0, 50076), ("blocked", 53003, 53003), ("alice", 0, 0)] {
        let code = tenant.code(&[("login_hint", user), ("scope", scope)]).await;
        let direct = tenant.redeem(&code, &[("scope", scope)]).await;
        assert_eq!(direct.verdict().1, for_graph, "{user} signs in for Graph");
        let code = tenant.code(&[("login_hint", user)]).await;
        let token = tenant.redeem(&code, &[]).await.member("refresh_token");
        let form = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("refresh_token", &token)];
        let refreshed = tenant.token(&form, &[("scope", scope)]).await;
        assert_eq!(refreshed.verdict().1, later, "{user} refreshes an API session into Graph's");
    }
}
