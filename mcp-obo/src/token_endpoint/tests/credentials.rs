//! Several credentials of one app, and which of them is sent.

use super::*;

#[tokio::test]
async fn the_next_credential_proves_the_app_when_one_is_refused() {
    let of = |name: &str| ClientSecret::new(name);
    for (name, refusal, secrets) in [
        ("expired secret", refused("invalid_client", 7_000_222, json!({})), &["a", "b", "b"][..]),
        ("a reason nobody knows", refused("invalid_client", 1, json!({})), &["a", "b", "b"]),
        ("a reason of the app's", refused("invalid_client", 700_016, json!({})), &["a", "b", "b"]),
        ("federated record, as a request's fault", refused("invalid_request", 700_213, json!({})), &["a", "b", "b"]),
        ("federated record, as the client's", refused("unauthorized_client", 70_021, json!({})), &["a", "b", "b"]),
        ("another app's fault", refused("unauthorized_client", 700_016, json!({})), &["a", "a"]),
        ("the user's", refused("invalid_grant", 65_001, json!({})), &["a", "a"]),
    ] {
        let tenant = Tenant::answering(move |call| {
            let bad = call.form["client_secret"] == "a";
            Box::pin(ready(if bad { refusal.clone() } else { granted(call.number) }))
        });
        let exchange =
            Exchange::new(&tenant.app, ClientCredentials::of(of("a")).or(of("b"))).add_target(&Target::graph());
        for user in ["alice", "bob"] {
            let outcome = exchange.token(&tenant.user(user).await, &Target::graph()).await;
            assert_eq!(outcome.is_ok(), secrets.contains(&"b"), "{name}");
        }
        let sent: Vec<_> = tenant.calls().iter().map(|call| call.form["client_secret"].clone()).collect();
        assert_eq!(sent, secrets, "{name}");
    }
}

#[tokio::test]
async fn a_refused_credential_has_its_turn_again_later() {
    let tenant = Tenant::answering(|call| {
        let refused_at_first = call.number == 0;
        let refusal = refused("invalid_client", 7_000_222, json!({}));
        Box::pin(ready(if refused_at_first { refusal } else { granted(call.number) }))
    });
    let list = ClientCredentials::of(ClientSecret::new("a")).or(ClientSecret::new("b"));
    let exchange = Exchange::new(&tenant.app, list).add_target(&Target::graph());
    for _ in 0..3 {
        exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap();
        tenant.clock.advance(Duration::from_secs(5 * 60));
    }
    let sent: Vec<_> = tenant.calls().iter().map(|call| call.form["client_secret"].clone()).collect();
    assert_eq!(sent, ["a", "b", "b", "a"]);
}

#[tokio::test]
async fn a_credential_that_cannot_be_presented_gives_way_to_the_next() {
    let tenant = Tenant::granting();
    let list = ClientCredentials::of(ClientSecret::new(" ")).or(ClientSecret::new("b"));
    let exchange = Exchange::new(&tenant.app, list).add_target(&Target::graph());
    exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap();
    assert_eq!(tenant.calls()[0].form["client_secret"], "b");
}

/// A credential that never comes, as from a network file system that is gone.
#[derive(Debug)]
struct Hung;

impl ClientCredential for Hung {
    fn authenticate<'a>(&'a self, _: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_hangs_gives_way_to_the_next() {
    let tenant = Tenant::granting();
    let list = ClientCredentials::of(Hung).or(Hung).or(ClientSecret::new("c"));
    let exchange = Exchange::new(&tenant.app, list).add_target(&Target::graph());
    exchange.token(&tenant.user("alice").await, &Target::graph()).await.unwrap();
    let begun = Instant::now();
    exchange.token(&tenant.user("bob").await, &Target::graph()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "they stand behind it now: {:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_hangs_is_not_held_against_the_endpoint() {
    let tenant = Tenant::granting();
    let exchange = Exchange::new(&tenant.app, Hung).add_target(&Target::graph());
    for number in 0..8 {
        let user = tenant.user(&number.to_string()).await;
        let error = exchange.token(&user, &Target::graph()).await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential, "{number}: {error:?}");
        tokio::time::advance(Duration::from_secs(5)).await;
    }
}

/// A credential that is made anew each time, as with a broker that is far away.
#[derive(Debug)]
struct Slow;

impl ClientCredential for Slow {
    fn authenticate<'a>(&'a self, _: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(ClientAuth::secret("a".into()))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_takes_all_the_time_is_not_held_against_the_credential() {
    for takes in [9, 10, 11] {
        let tenant = Tenant::answering(move |_| {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(takes)).await;
                status(503, &[], "")
            })
        });
        let exchange = Exchange::new(&tenant.app, Slow).add_target(&Target::graph());
        for user in ["a", "b", "c"] {
            let error = exchange.token(&tenant.user(user).await, &Target::graph()).await.unwrap_err();
            assert_eq!(error.kind(), ExchangeErrorKind::Unavailable, "{takes} s, {user}: {error:?}");
        }
    }
}
