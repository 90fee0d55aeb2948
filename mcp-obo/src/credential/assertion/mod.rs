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
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use mcp_auth_layer::clock::UnixTime;
use secrecy::SecretString;

pub(super) use self::{
    jwt::{Algorithm, Header},
    signatory::{LocalKey, Signatory, SignatoryId, Signer, SigningError},
};
use super::{ClientAuth, ClientContext, fresh::Fresh};

/// The assertions of one credential: one for each token endpoint and client id, made again before it ends.
#[derive(Debug)]
pub(super) struct Assertions(Fresh<Place, Kept>);

/// An app that serves more tenants than this signs more often.
const CAPACITY: u64 = 1_000;

/// A fifth of its life before its end an assertion is made again: it must outlast the way to Entra and a clock that is late.
const USED_FOR: Duration = Duration::from_secs(8 * 60);

/// When a vault does not sign, the last assertion is sent until a minute before its end.
const USED_AT_MOST: Duration = Duration::from_secs(9 * 60);

/// How long nobody waits for a vault in vain.
const RETRY_AFTER: Duration = Duration::from_secs(30);

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
    /// Seconds since the epoch: no other is signed before that time, since the last attempt failed.
    retry_at: AtomicU64,
}

impl Assertions {
    pub(super) fn new() -> Self {
        Self(Fresh::new(CAPACITY, jwt::LIFETIME))
    }

    /// Tells whether the next assertion has to be signed.
    pub(super) async fn must_sign(&self, signatory: &Signatory, client: &ClientContext<'_>) -> bool {
        let kept = self.0.find(&Place::of(signatory, client)).await;
        !kept.is_some_and(|kept| kept.is_good(client.now()))
    }

    /// Returns the assertion that is kept, or has one signed; all who wait for it wait for the same signature.
    ///
    /// When it cannot be signed, the last one serves as long as it is good at all.
    pub(super) async fn assertion(
        &self,
        signatory: &Signatory,
        client: &ClientContext<'_>,
    ) -> Result<ClientAuth, SigningError> {
        let (place, now) = (Place::of(signatory, client), client.now());
        let before = self.0.find(&place).await;
        let made = self.0.good_or(place.clone(), |kept| kept.is_good(now), sign(signatory, client)).await;
        let kept = match (made, before.filter(|before| before.is_bearable(now))) {
            (Ok(kept), _) => kept,
            (Err(_), Some(before)) => {
                before.retry_at.store(now.saturating_add(RETRY_AFTER).as_secs(), Ordering::Release);
                self.0.keep(place, Arc::clone(&before)).await;
                before
            }
            (Err(why), None) => return Err((*why).clone()),
        };
        Ok(ClientAuth::assertion(kept.jwt.clone()))
    }

    /// Hears that Entra refused an assertion.
    pub(super) fn refused(&self, spent: &ClientAuth) {
        self.0.for_each(|kept| {
            if ClientAuth::assertion(kept.jwt.clone()).is_the_same(spent) {
                kept.refused.store(true, Ordering::Release);
            }
        });
    }
}

async fn sign(signatory: &Signatory, client: &ClientContext<'_>) -> Result<Kept, SigningError> {
    let message = format!("{}.{}", signatory.header(), jwt::claims(client));
    let signature = signatory.sign(&message).await?;
    let jwt = jwt::signed(message, &signature);
    Ok(Kept { jwt, made_at: client.now(), refused: AtomicBool::new(false), retry_at: AtomicU64::new(0) })
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
    /// Tells whether nothing better is wanted.
    fn is_good(&self, now: UnixTime) -> bool {
        let is_worth_another_try = self.retry_at.load(Ordering::Acquire) <= now.as_secs();
        self.is_bearable(now) && !(is_worth_another_try && self.made_at.until(now) >= USED_FOR)
    }

    /// Tells whether Entra may still accept it.
    fn is_bearable(&self, now: UnixTime) -> bool {
        let age = self.made_at.until(now);
        // A clock that was set back would make it one of the future.
        let is_of_its_time = self.made_at <= now && age < USED_AT_MOST;
        is_of_its_time && !(self.refused.load(Ordering::Acquire) && age >= SAME_FOR)
    }
}
