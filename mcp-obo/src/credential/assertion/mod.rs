//! Client assertions (RFC 7523 section 2.2), as Entra wants them from a certificate.
//!
//! Signed with aws-lc-rs directly. `jsonwebtoken` would bring nothing that is needed here: it cannot sign what a vault signs,
//! it picks its crypto provider for the whole process and panics when a program's other crates bring two, and its keys do
//! not tell their size or public half. The tests read every assertion with it, so that no mistake is made twice.

mod jwt;
mod signatory;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mcp_auth_layer::clock::UnixTime;
use moka::future::Cache;
use secrecy::SecretString;

pub(super) use self::{
    jwt::{Algorithm, Header},
    signatory::{LocalKey, Signatory, SignatoryId, Signer, SigningError},
};
use super::{ClientAuth, ClientContext};

/// The assertions of one credential: one for each token endpoint and client id, made again before it ends.
#[derive(Debug)]
pub(super) struct Assertions(Cache<Place, Arc<Kept>>);

/// An app that serves more tenants than this signs more often.
const CAPACITY: u64 = 1_000;

/// A fifth of its life before its end an assertion is made again: it must outlast the way to Entra and a clock that is late.
const USED_FOR: Duration = Duration::from_secs(8 * 60);

/// A refused assertion that is younger was not refused for its age, and one more like it would be refused too.
const SAME_FOR: Duration = Duration::from_secs(60);

/// Where an assertion is good, and who signed it: with another key it is another assertion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    token_endpoint: Box<str>,
    client_id: Box<str>,
    signatory: SignatoryId,
}

#[derive(Debug)]
struct Kept {
    jwt: SecretString,
    made_at: UnixTime,
    refused: AtomicBool,
}

impl Assertions {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(CAPACITY).time_to_live(jwt::LIFETIME).build())
    }

    /// Tells whether the next assertion has to be signed.
    pub(super) async fn must_sign(&self, signatory: &Signatory, client: &ClientContext<'_>) -> bool {
        let kept = self.0.get(&Place::of(signatory, client)).await;
        !kept.is_some_and(|kept| kept.is_good(client.now()))
    }

    /// Returns the assertion that is kept, or has one signed; all who wait for it wait for the same signature.
    pub(super) async fn assertion(
        &self,
        signatory: &Signatory,
        client: &ClientContext<'_>,
    ) -> Result<ClientAuth, SigningError> {
        let place = Place::of(signatory, client);
        if let Some(kept) = self.0.get(&place).await.filter(|kept| !kept.is_good(client.now())) {
            self.remove(&place, &kept).await;
        }
        let kept = self.0.try_get_with(place, sign(signatory, client)).await;
        kept.map(|kept| ClientAuth::assertion(kept.jwt.clone())).map_err(|why| (*why).clone())
    }

    /// Hears that Entra refused an assertion.
    pub(super) fn refused(&self, spent: &ClientAuth) {
        for (_, kept) in &self.0 {
            if ClientAuth::assertion(kept.jwt.clone()).is_the_same(spent) {
                kept.refused.store(true, Ordering::Release);
            }
        }
    }

    /// Removes this assertion and no newer one.
    async fn remove(&self, place: &Place, spent: &Arc<Kept>) {
        use moka::ops::compute::Op;

        self.0
            .entry_by_ref(place)
            .and_compute_with(|present| {
                let is_it = present.is_some_and(|present| Arc::ptr_eq(present.value(), spent));
                std::future::ready(if is_it { Op::Remove } else { Op::Nop })
            })
            .await;
    }
}

async fn sign(signatory: &Signatory, client: &ClientContext<'_>) -> Result<Arc<Kept>, SigningError> {
    let message = format!("{}.{}", signatory.header(), jwt::claims(client));
    let signature = signatory.sign(&message).await?;
    let jwt = jwt::signed(message, &signature);
    Ok(Arc::new(Kept { jwt, made_at: client.now(), refused: AtomicBool::new(false) }))
}

impl Place {
    fn of(signatory: &Signatory, client: &ClientContext<'_>) -> Self {
        Self {
            token_endpoint: client.token_endpoint().to_string().into(),
            client_id: client.client_id().into(),
            signatory: signatory.id(),
        }
    }
}

impl Kept {
    fn is_good(&self, now: UnixTime) -> bool {
        // A clock that was set back would make it one of the future.
        let age = self.made_at.until(now);
        let is_of_its_time = self.made_at <= now && age < USED_FOR;
        is_of_its_time && !(self.refused.load(Ordering::Acquire) && age >= SAME_FOR)
    }
}
