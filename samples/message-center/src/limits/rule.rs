//! A rule, and what it says about a request.

use std::{num::NonZeroU32, time::Duration};

use super::{
    address::TrustedProxies,
    asker::{Asker, By},
    buckets::Buckets,
    refusal::Refusal,
};

/// All clients of an address together get this many times what one of them gets.
const CLIENTS_OF_AN_ADDRESS: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");

/// What a rule says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Its name in logs and metrics.
    pub(super) name: &'static str,
    pub(super) per_minute: NonZeroU32,
    pub(super) by: By,
    pub(super) refusal: Refusal,
}

/// A rule, with what it has counted.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) terms: Terms,
    pub(super) proxies: TrustedProxies,
    own: Buckets,
    of_address: Buckets,
}

impl Rule {
    pub(super) fn new(terms: Terms, proxies: TrustedProxies) -> Self {
        let together = terms.per_minute.saturating_mul(CLIENTS_OF_AN_ADDRESS);
        Self { terms, proxies, own: Buckets::new(terms.per_minute), of_address: Buckets::new(together) }
    }

    /// Counts a request; when it is one too many, tells how long to wait.
    pub(super) fn admit(&self, asker: &Asker) -> Result<(), Duration> {
        let Some(address) = &asker.shared else { return self.own.take(&asker.own) };
        if self.own.know(&asker.own) {
            // Whoever is refused takes nothing from the neighbours.
            self.own.take(&asker.own)?;
            self.of_address.take(address)
        } else {
            // Whoever makes up clients gets no memory for them.
            self.of_address.take(address)?;
            self.own.take(&asker.own)
        }
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.own.len()
    }
}
