//! The users of all measurements, and their caches.

use std::{hint::black_box, thread};

use benches::Tenant;
use mcp_auth_layer::{VerifiedToken, token::BearerToken};
use mcp_obo::{Exchange, Target};

/// As many calls as make moka do all of its postponed work; a few hundred would.
const SETTLING: usize = 2_000;

/// Users with their tokens, signed once and used by every measurement.
pub(crate) struct Crowd {
    pub(crate) tenant: Tenant,
    pub(crate) tokens: Vec<String>,
    pub(crate) callers: Vec<VerifiedToken>,
}

impl Crowd {
    /// Signs a token for each user, which takes a millisecond, so all cores do it.
    pub(crate) async fn gather(users: usize) -> Self {
        let tenant = Tenant::new();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = users.div_ceil(threads);
        let tokens = thread::scope(|scope| {
            let shares = (0..threads).map(|thread| {
                let numbers = (thread * share).min(users)..((thread + 1) * share).min(users);
                let tenant = &tenant;
                scope.spawn(move || numbers.map(|number| tenant.token(number)).collect::<Vec<_>>())
            });
            let shares: Vec<_> = shares.collect();
            shares.into_iter().flat_map(|share| share.join().expect("no thread panics")).collect::<Vec<_>>()
        });
        let verifier = tenant.verifier().clone().with_cache_capacity(0);
        let mut callers = Vec::with_capacity(users);
        for token in &tokens {
            callers.push(verifier.verify(BearerToken::new(token)).await.expect("the token is good"));
        }
        Self { tenant, tokens, callers }
    }

    /// Makes an exchange and lets the first `users` take their token from it.
    pub(crate) async fn fill(&self, exchange: &Exchange, users: usize) {
        for caller in &self.callers[..users] {
            hit(exchange, caller, &Target::graph()).await;
        }
        settle(exchange, &self.callers[users - 1]).await;
    }

    /// Runs something and returns how many exchanges it caused.
    pub(crate) async fn exchanges_of(&self, run: impl Future<Output = ()>) -> u64 {
        let before = self.tenant.exchanges();
        run.await;
        self.tenant.exchanges() - before
    }
}

/// Takes a token, from the cache if it is there.
pub(crate) async fn hit(exchange: &Exchange, caller: &VerifiedToken, graph: &Target) {
    black_box(exchange.token(caller, graph).await.expect("the endpoint always answers"));
}

/// Lets the cache do what it has put off: evict, and give memory back.
pub(crate) async fn settle(exchange: &Exchange, caller: &VerifiedToken) {
    for _ in 0..SETTLING {
        hit(exchange, caller, &Target::graph()).await;
    }
}
