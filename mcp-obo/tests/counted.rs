//! What many callers cost at a tenant: requests that really arrived there.

#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    future::ready,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use entra_emulator::{
    API_CLIENT_ID, API_CLIENT_SECRET, Config, Emulator, Fault, Lifetime, Place, TENANT_ID, TokenSpec,
};
use mcp_auth_layer::{
    EntraApp, VerifiedToken,
    clock::{FixedClock, UnixTime},
    token::BearerToken,
    verify::Verifier,
};
use mcp_obo::{
    BoxFuture, ClientCredential, ClientSecret, Exchange, ExchangeErrorKind, Target,
    credential::{ClientAuth, ClientContext, CredentialError},
};
use tokio::task::JoinSet;

struct Tenant {
    emulator: Emulator,
    verifier: Verifier,
    clock: FixedClock,
    exchange: Exchange,
}

impl Tenant {
    async fn start() -> Self {
        Self::with(ClientSecret::new(API_CLIENT_SECRET)).await
    }

    async fn with(credential: impl ClientCredential) -> Self {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let clock = FixedClock::at(UnixTime::from_secs(now));
        let app = EntraApp::single_tenant(TENANT_ID, API_CLIENT_ID).unwrap();
        let app = app.with_authority_host(&emulator.http_url()).unwrap().with_clock(clock.clone());
        let exchange = Exchange::new(&app, credential).add_target(&Target::graph());
        Self { emulator, verifier: Verifier::entra(&app), clock, exchange }
    }

    /// Signs a user in once more.
    async fn session(&self, name: &str) -> VerifiedToken {
        let token = self.emulator.mint(TokenSpec::user(name));
        self.verifier.verify(BearerToken::new(&token)).await.unwrap()
    }

    /// Ten sessions of users who may.
    async fn ten(&self) -> Vec<VerifiedToken> {
        let mut sessions = Vec::new();
        for name in ["alice", "bob", "carol", "norole", "cae"].repeat(2) {
            sessions.push(self.session(name).await);
        }
        sessions
    }

    async fn token(&self, user: &VerifiedToken) -> Result<String, ExchangeErrorKind> {
        let token = self.exchange.token(user, &Target::graph()).await;
        token.map(|token| token.expose_secret().to_owned()).map_err(|error| error.kind())
    }

    fn exchanges(&self) -> u64 {
        self.emulator.counters().obo
    }

    /// Starts so many calls of each session, all before the first is answered.
    fn calls(&self, sessions: &[VerifiedToken], each: usize) -> JoinSet<bool> {
        let mut calls = JoinSet::new();
        for user in std::iter::repeat_n(sessions, each).flatten() {
            let (exchange, user) = (self.exchange.clone(), user.clone());
            calls.spawn(async move { exchange.token(&user, &Target::graph()).await.is_ok() });
        }
        calls
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_of_ten_users_are_ten_exchanges() {
    let tenant = Tenant::start().await;
    let calls = tenant.calls(&tenant.ten().await, 1_000);
    assert!(calls.join_all().await.into_iter().all(|granted| granted));
    assert_eq!(tenant.exchanges(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_go_away_neither_stop_nor_repeat_an_exchange() {
    let tenant = Tenant::start().await;
    let sessions = tenant.ten().await;
    tenant.emulator.control().set_fault(Place::Exchange, "", Fault::Hang);
    let leavers = tenant.calls(&sessions, 500);
    let stayers = tenant.calls(&sessions, 500);
    tenant.emulator.control().until_held(10).await;
    drop(leavers);
    tenant.emulator.control().clear_fault(Place::Exchange, "");
    assert!(stayers.join_all().await.into_iter().all(|granted| granted));
    assert_eq!(tenant.exchanges(), 10);
}

/// Panics in the first request's task, and is the app's secret ever after.
#[derive(Debug, Default)]
struct Panicking(AtomicBool);

impl ClientCredential for Panicking {
    fn authenticate<'a>(&'a self, _: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        assert!(self.0.swap(true, SeqCst), "on purpose");
        Box::pin(ready(Ok(ClientAuth::secret(API_CLIENT_SECRET.into()))))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_panics_costs_one_exchange_at_most() {
    let tenant = Tenant::with(Panicking::default()).await;
    let alice = [tenant.session("alice").await];
    // All who waited for the one that panicked hear of an outage; nobody waits for ever.
    assert!(!tenant.calls(&alice, 100).join_all().await.into_iter().all(|granted| granted));
    assert!(tenant.exchanges() <= 1);
    assert!(tenant.calls(&alice, 100).join_all().await.into_iter().all(|granted| granted));
    assert_eq!(tenant.exchanges(), 1);
}

#[tokio::test]
async fn two_sessions_of_a_user_are_two_exchanges_and_then_none() {
    let tenant = Tenant::start().await;
    let (one, other) = (tenant.session("alice").await, tenant.session("alice").await);
    for _ in 0..5 {
        assert_ne!(tenant.token(&one).await.unwrap(), tenant.token(&other).await.unwrap());
    }
    assert_eq!(tenant.exchanges(), 2);
}

#[tokio::test]
async fn a_storm_of_one_users_failures_reaches_nobody_else() {
    let tenant = Tenant::start().await;
    tenant.emulator.control().set_fault(Place::Exchange, "bob", Fault::Unavailable);
    let bob = tenant.session("bob").await;
    for round in 0..10 {
        assert_eq!(tenant.token(&bob).await, Err(ExchangeErrorKind::Unavailable), "{round}");
        // A new session every time: nothing of hers is remembered.
        tenant.token(&tenant.session("alice").await).await.unwrap();
    }
    assert_eq!(tenant.emulator.counters().obo_by_user["alice"], 10);
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_while_nobody_waits() {
    let tenant = Tenant::start().await;
    let control = tenant.emulator.control();
    control.set_lifetime(Place::Exchange, "alice", Lifetime::seconds(600));
    let alice = tenant.session("alice").await;
    let first = tenant.token(&alice).await.unwrap();
    // Ten minutes of life are five of use, the last of which is for the renewal.
    tenant.clock.advance(Duration::from_secs(241));
    control.set_fault(Place::Exchange, "alice", Fault::Hang);
    for _ in 0..100 {
        assert_eq!(tenant.token(&alice).await.unwrap(), first);
    }
    control.until_held(1).await;
    control.clear_fault(Place::Exchange, "alice");
    assert_eq!(tenant.exchanges(), 2);
    // At its end whoever comes gets the renewed one, or waits for it.
    tenant.clock.advance(Duration::from_secs(60));
    assert_ne!(tenant.token(&alice).await.unwrap(), first);
    assert_eq!(tenant.exchanges(), 2);
}
