use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Fault, Lifetime, Place, USER_ASSIGNED_CLIENT_ID};
use serde_json::{Value, json};

use super::tenant::{Answer, GRAPH_DEFAULT, Tenant, part};

const ROLE: &str = "ServiceMessage.Read.All";

async fn app_token(tenant: &Tenant, scope: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", API_CLIENT_ID),
        ("client_secret", API_CLIENT_SECRET),
        ("scope", scope),
    ];
    tenant.token(&form, &[]).await
}

#[tokio::test]
async fn an_app_reads_messages_by_an_assigned_role_and_not_without() {
    let with = Tenant::with(Config::default().with_graph_role(API_CLIENT_ID, ROLE)).await;
    let other = Config::default().with_graph_role(API_CLIENT_ID, "Mail.Read");
    let other = Tenant::with(other.with_graph_role(USER_ASSIGNED_CLIENT_ID, ROLE)).await;
    let without = Tenant::start().await;
    for (name, tenant, roles, status) in [
        ("the role", &with, json!([ROLE]), 200),
        ("another role, and somebody else's", &other, json!(["Mail.Read"]), 403),
        ("no role", &without, Value::Null, 403),
    ] {
        let token = app_token(tenant, GRAPH_DEFAULT).await.access_token();
        let claims = part(&token, 1);
        assert_eq!((&claims["roles"], &claims["idtyp"]), (&roles, &json!("app")), "{name}");
        assert!(claims.get("scp").is_none() && part(&token, 0)["nonce"].is_string(), "{name}");
        let answer = tenant.graph(&token).await;
        assert_eq!(answer.status.as_u16(), status, "{name}");
        if status == 403 {
            let error = &answer.json()["error"];
            assert!(error["code"] == "Forbidden" && error["innerError"]["request-id"].is_string(), "{name}");
        }
    }
    assert_eq!(with.emulator.counters().graph_by_app[API_CLIENT_ID], 1);
    let mine = with.http.get(with.url("/v1.0/me")).bearer_auth(app_token(&with, GRAPH_DEFAULT).await.access_token());
    assert_eq!(mine.send().await.unwrap().status(), 400, "an app is nobody");
}

#[tokio::test]
async fn a_user_s_token_never_has_the_app_s_roles() {
    let tenant = Tenant::with(Config::default().with_graph_role(API_CLIENT_ID, ROLE)).await;
    let token = tenant.exchange_for("norole", &[]).await.access_token();
    assert!(part(&token, 1).get("roles").is_none());
    assert_eq!(tenant.graph(&token).await.status, 403);
}

#[tokio::test]
async fn trouble_at_graph_is_switched_for_one_app() {
    let tenant = Tenant::with(Config::default().with_graph_role(API_CLIENT_ID, ROLE)).await;
    let control = tenant.emulator.control();
    let token = app_token(&tenant, GRAPH_DEFAULT).await.access_token();
    control.set_fault(Place::Graph, API_CLIENT_ID, Fault::Throttled(3));
    assert_eq!(tenant.graph(&token).await.header("retry-after"), "3");
    let user = tenant.exchange_for("alice", &[]).await.access_token();
    assert_eq!(tenant.graph(&user).await.status, 200);
    control.set_fault(Place::ClientCredentials, API_CLIENT_ID, Fault::Code(90055));
    assert_eq!(app_token(&tenant, GRAPH_DEFAULT).await.status, 429);
}

#[tokio::test]
async fn tokens_live_as_long_as_a_test_says() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    let life = |token: &str| {
        let claims = part(token, 1);
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    control.set_lifetime(Place::Exchange, "alice", Lifetime::seconds(600).refresh_in(300));
    let short = tenant.exchange_for("alice", &[]).await;
    let body = short.json();
    assert_eq!((&body["expires_in"], &body["refresh_in"]), (&json!(600), &json!(300)));
    assert_eq!(life(&short.access_token()), 600);
    let usual = tenant.exchange_for("bob", &[]).await;
    assert_eq!((usual.json()["refresh_in"].clone(), life(&usual.access_token())), (Value::Null, 4_500));
    let everybody = json!({"place": "client_credentials", "lifetime": {"seconds": 60}});
    assert_eq!(tenant.post_json("/_emulator/lifetimes", &everybody).await.status, 204);
    assert_eq!(app_token(&tenant, GRAPH_DEFAULT).await.json()["expires_in"], 60);
    control.clear_lifetime(Place::Exchange, "alice");
    assert_eq!(tenant.exchange_for("alice", &[]).await.json()["expires_in"], 4_500);
}
