//! Several credentials of one app: the next one proves it when Entra refuses the one before.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use mcp_auth_layer::clock::UnixTime;

use super::{ClientCredential, CredentialStatus};

/// The credentials of an app, in the order in which they are tried.
///
/// A credential that was refused, or could not be presented, stands behind the others for ten minutes, so that an outage of
/// the first does not cost every exchange a failed sign-in. Cloning is cheap, and clones share what was refused.
#[derive(Clone)]
pub struct ClientCredentials(Arc<[Slot]>);

struct Slot {
    credential: Arc<dyn ClientCredential>,
    /// Seconds since the epoch; zero while it is good.
    refused_until: AtomicU64,
}

const SET_BACK: Duration = Duration::from_secs(10 * 60);

impl ClientCredentials {
    /// Begins a list.
    #[must_use]
    pub fn of(first: impl ClientCredential) -> Self {
        Self::new(Arc::new(first), [])
    }

    /// Adds a credential that is tried after those before it.
    #[must_use]
    pub fn or(self, next: impl ClientCredential) -> Self {
        let mut credentials = self.0.iter().map(|slot| Arc::clone(&slot.credential)).collect::<Vec<_>>();
        credentials.push(Arc::new(next));
        Self(credentials.into_iter().map(Slot::of).collect())
    }

    /// Makes a list of what was chosen at run time; never an empty one.
    #[must_use]
    pub fn new(first: Arc<dyn ClientCredential>, others: impl IntoIterator<Item = Arc<dyn ClientCredential>>) -> Self {
        Self([first].into_iter().chain(others).map(Slot::of).collect())
    }

    /// Returns what an operator should know about each.
    ///
    /// The order is that in which they would be tried at `now`.
    #[must_use]
    pub fn status(&self, now: UnixTime) -> Vec<CredentialStatus> {
        self.in_order(now).map(|candidate| candidate.status(now)).collect()
    }

    /// Returns all of them, those that were refused lately last.
    pub(crate) fn in_order(&self, now: UnixTime) -> impl Iterator<Item = Candidate<'_>> {
        let (good, refused): (Vec<_>, Vec<_>) = self.0.iter().partition(|slot| slot.is_good(now));
        good.into_iter().chain(refused).map(Candidate)
    }
}

impl Slot {
    fn of(credential: Arc<dyn ClientCredential>) -> Self {
        Self { credential, refused_until: AtomicU64::new(0) }
    }

    fn is_good(&self, now: UnixTime) -> bool {
        let until = UnixTime::from_secs(self.refused_until.load(Ordering::Acquire));
        // Longer than anybody is set back means that the clock was.
        until <= now || now.until(until) > SET_BACK
    }
}

/// A credential whose turn it is.
pub(crate) struct Candidate<'a>(&'a Slot);

impl Candidate<'_> {
    pub(crate) fn credential(&self) -> &dyn ClientCredential {
        &*self.0.credential
    }

    fn status(&self, now: UnixTime) -> CredentialStatus {
        self.credential().status().set_back(!self.0.is_good(now))
    }

    pub(crate) fn accepted(&self) {
        self.0.refused_until.store(0, Ordering::Release);
    }

    pub(crate) fn set_back(&self, now: UnixTime) {
        self.0.refused_until.store(now.saturating_add(SET_BACK).as_secs(), Ordering::Release);
    }
}

impl<C: ClientCredential> From<C> for ClientCredentials {
    fn from(only: C) -> Self {
        Self::of(only)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|slot| &slot.credential)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::{ClientSecret, CredentialKind};

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_a_credential_behind_for_ever() {
        let list = ClientCredentials::of(ClientSecret::new("s"));
        list.in_order(UnixTime::from_secs(9_000)).next().unwrap().set_back(UnixTime::from_secs(9_000));
        let is_good = |at| list.0[0].is_good(UnixTime::from_secs(at));
        assert_eq!([1_000, 8_999, 9_000, 9_599, 9_600].map(is_good), [true, true, false, false, true]);
    }

    #[test]
    fn a_refused_credential_stands_behind_the_others_for_a_while() {
        #[derive(Debug)]
        struct Other;
        impl ClientCredential for Other {
            fn authenticate<'a>(
                &'a self,
                _: &'a crate::credential::ClientContext<'a>,
            ) -> crate::boxed::BoxFuture<'a, Result<crate::credential::ClientAuth, crate::credential::CredentialError>>
            {
                Box::pin(async { Err(crate::credential::CredentialError::Empty) })
            }
        }
        let list = ClientCredentials::of(ClientSecret::new("s")).or(Other);
        let kinds =
            |at: u64| list.status(UnixTime::from_secs(at)).iter().map(|status| status.kind()).collect::<Vec<_>>();
        let (first, second) = (CredentialKind::Secret, CredentialKind::Custom);
        assert_eq!(kinds(1_000), [first, second]);
        list.in_order(UnixTime::from_secs(1_000)).next().unwrap().set_back(UnixTime::from_secs(1_000));
        assert_eq!(kinds(1_599), [second, first]);
        let set_back =
            list.status(UnixTime::from_secs(1_599)).iter().map(CredentialStatus::is_set_back).collect::<Vec<_>>();
        assert_eq!(set_back, [false, true]);
        assert_eq!(kinds(1_600), [first, second]);
        // All refused: the order is as written, for one of them may be good again.
        for candidate in list.in_order(UnixTime::from_secs(1_600)).collect::<Vec<_>>() {
            candidate.set_back(UnixTime::from_secs(1_600));
        }
        assert_eq!(kinds(1_601), [first, second]);
        list.in_order(UnixTime::from_secs(1_601)).nth(1).unwrap().accepted();
        assert_eq!(kinds(1_601), [second, first]);
    }
}
