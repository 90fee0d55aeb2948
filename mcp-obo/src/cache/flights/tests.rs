use std::{
    pin::pin,
    sync::OnceLock,
    task::{Context, Wake, Waker},
};

use mcp_auth_layer::clock::UnixTime;

use super::*;
use crate::{
    cache::EntryKey,
    target::Target,
    testtenant::{NOW, Tenant, user_id},
};

async fn key(name: &str) -> FlightKey {
    let entry = EntryKey::new(Tenant::granting().user(name).await.digest(), &Target::graph());
    FlightKey { entry, claims: None }
}

/// Looks, in the moment in which it is woken, whether the request is still on the list.
struct Witness {
    flights: Arc<Flights>,
    key: FlightKey,
    is_listed: OnceLock<bool>,
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        let _ = self.is_listed.set(self.flights.running().contains_key(&self.key));
    }
}

#[tokio::test]
async fn who_hears_of_the_end_of_a_request_cannot_join_it_any_more() {
    let forgotten = Arc::new(Forgotten::new());
    let flights = Arc::new(Flights::new(Arc::clone(&forgotten)));
    let key = key("alice").await;
    let user = forgotten.tag(&user_id("alice"));
    let token = AccessToken::new("t".into(), UnixTime::from_secs(NOW));
    let boarding = flights.board(key.clone(), user, || None, |_| async { Ok(token) });
    let witness = Arc::new(Witness { flights, key, is_listed: OnceLock::new() });
    let mut outcome = pin!(boarding.outcome());
    let waker = Waker::from(Arc::clone(&witness));
    assert!(outcome.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    while witness.is_listed.get().is_none() {
        tokio::task::yield_now().await;
    }
    assert!(outcome.await.is_ok());
    assert_eq!(witness.is_listed.get(), Some(&false), "a token that is reported spent would come again");
}
