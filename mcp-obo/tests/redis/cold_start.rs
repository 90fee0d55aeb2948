//! What replicas that start together cost Entra: requests that really arrived there.

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, TENANT_ID, TokenSpec};
use local_redis::Server;
use mcp_auth_layer::{EntraApp, VerifiedToken, token::BearerToken, verify::Verifier};
use mcp_obo::{ClientSecret, Exchange, KeyRing, RedisStore, Target};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_cold_replicas_ask_entra_once_for_each_user() {
    let Some(redis) = Server::start(&[]) else { return };
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let app = EntraApp::single_tenant(TENANT_ID, API_CLIENT_ID).unwrap();
    let app = app.with_authority_host(&emulator.http_url()).unwrap();
    let verifier = Verifier::entra(&app);
    let mut users: Vec<VerifiedToken> = Vec::new();
    for name in ["alice", "bob", "carol"] {
        users.push(verifier.verify(BearerToken::new(&emulator.mint(TokenSpec::user(name)))).await.unwrap());
    }
    let ring = KeyRing::ephemeral();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let exchange = Exchange::new(&app, ClientSecret::new(API_CLIENT_SECRET)).add_target(&Target::graph());
        let replica = exchange.with_shared(RedisStore::connect(&redis.url()).unwrap(), ring.clone());
        for user in &users {
            let (replica, user) = (replica.clone(), user.clone());
            calls.spawn(async move { replica.token(&user, &Target::graph()).await.is_ok() });
        }
    }
    assert_eq!(calls.join_all().await, [true; 60]);
    assert_eq!(emulator.counters().obo, 3);
}
