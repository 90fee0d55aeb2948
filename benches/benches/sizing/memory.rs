//! Live bytes per user, of the token cache and of the verified tokens.

use benches::DOWNSTREAM_TOKEN;
use mcp_auth_layer::token::BearerToken;
use mcp_obo::{Exchange, Target};

use crate::{
    crowd::{self, Crowd},
    heap,
};

/// Room for every user, whatever an entry weighs.
const AMPLE: usize = 4_096;

/// What a number of users takes.
pub(crate) struct Memory {
    pub(crate) users: usize,
    /// Live bytes per user in the token cache, its fixed costs included.
    pub(crate) token: usize,
    /// Live bytes per user in the bearer layer's cache of verdicts.
    pub(crate) verdict: usize,
    pub(crate) exchange: Exchange,
}

/// What a bound holds.
pub(crate) struct Bounded {
    pub(crate) bound: usize,
    pub(crate) users: usize,
    /// Live bytes when the cache had done its work.
    pub(crate) settled: usize,
    /// The most live bytes after any exchange.
    pub(crate) peak: usize,
    /// Of a hundred calls in no order, how many needed an exchange.
    pub(crate) misses: f64,
}

impl Crowd {
    /// Fills a cache that holds all of these users.
    pub(crate) async fn memory(&self, users: usize) -> Memory {
        let live = heap::live();
        let exchange = self.tenant.exchange().with_max_bytes((users * AMPLE) as u64);
        let asked = self.exchanges_of(self.fill(&exchange, users)).await;
        assert_eq!(asked, users as u64, "one exchange for each user");
        let token = (heap::live() - live) / users;
        let again = self.exchanges_of(self.fill(&exchange, users)).await;
        assert_eq!(again, 0, "what fits into the memory is not asked for again");
        let verdict = self.verdicts(users).await;
        Memory { users, token, verdict, exchange }
    }

    async fn verdicts(&self, users: usize) -> usize {
        let live = heap::live();
        let verifier = self.tenant.verifier().clone().with_cache_capacity(users as u64);
        // Twice, so that the cache comes to do its work.
        for token in self.tokens[..users].iter().chain(&self.tokens[..users]) {
            verifier.verify(BearerToken::new(token)).await.expect("the token is good");
        }
        (heap::live() - live) / users
    }

    /// Lets more users come than the bound has room for: first each of them once, then as many in no order.
    pub(crate) async fn bounded(&self, bound: usize) -> Bounded {
        let (users, live) = (self.callers.len(), heap::live());
        let exchange = self.tenant.exchange().with_max_bytes(bound as u64);
        let first = self.peak_of(&exchange, 0..users, live).await;
        let before = self.tenant.exchanges();
        let then = self.peak_of(&exchange, at_random(users), live).await;
        let asked = self.tenant.exchanges() - before;
        crowd::settle(&exchange, &self.callers[0]).await;
        let settled = heap::live().saturating_sub(live);
        Bounded { bound, users, settled, peak: first.max(then), misses: 100.0 * asked as f64 / users as f64 }
    }

    async fn peak_of(&self, exchange: &Exchange, order: impl Iterator<Item = usize>, live: usize) -> usize {
        let mut peak = 0;
        for number in order {
            crowd::hit(exchange, &self.callers[number], &Target::graph()).await;
            peak = peak.max(heap::live().saturating_sub(live));
        }
        peak
    }

    /// Finds out how many bytes the cache counts for one token: the least bound under which it is kept.
    pub(crate) async fn weight(&self) -> usize {
        let (mut too_little, mut enough) = (DOWNSTREAM_TOKEN, 4 * DOWNSTREAM_TOKEN);
        while enough - too_little > 1 {
            let bound = usize::midpoint(too_little, enough);
            if self.is_kept_under(bound).await { enough = bound } else { too_little = bound }
        }
        enough
    }

    async fn is_kept_under(&self, bound: usize) -> bool {
        let exchange = self.tenant.exchange().with_max_bytes(bound as u64);
        self.exchanges_of(crowd::settle(&exchange, &self.callers[0])).await == 1
    }
}

/// Draws as many users as there are, the same ones each time.
fn at_random(users: usize) -> impl Iterator<Item = usize> {
    // Knuth's MMIX generator; its upper half is random enough for a choice.
    let next = |last: &u64| Some(last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(1), next).skip(1).take(users).map(move |drawn| (drawn >> 32) as usize % users)
}
