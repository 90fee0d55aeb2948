//! Says in time that a certificate ends.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use mcp_auth_layer::clock::UnixTime;

use super::{CertificateError, material::Name};

/// From when on before its end a certificate is worth a line in the log.
const NOTICE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Warns of one certificate's end, once a day at most.
#[derive(Debug)]
pub(in super::super) struct Ending {
    /// Seconds since the epoch; zero for at once.
    next: AtomicU64,
}

impl Ending {
    pub(in super::super) const fn new() -> Self {
        Self { next: AtomicU64::new(0) }
    }

    /// Begins anew, for another certificate.
    pub(in super::super) fn reset(&self) {
        self.next.store(0, Ordering::Release);
    }

    /// Warns if it is time to.
    pub(in super::super) fn remark(&self, name: &Name, now: UnixTime) {
        let next = self.next.load(Ordering::Acquire);
        if next > now.as_secs() {
            return;
        }
        let Some(text) = remark(name, now) else { return };
        let tomorrow = now.saturating_add(DAY).as_secs();
        // Whoever comes second at the same moment leaves it to the first.
        if self.next.compare_exchange(next, tomorrow, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            tracing::warn!(
                target: super::TRACE,
                thumbprint = name.thumbprint().map(tracing::field::display),
                days_left = name.ends_at().map(|end| now.until(end).as_secs() / DAY.as_secs()),
                "{text}",
            );
        }
    }
}

fn remark(name: &Name, now: UnixTime) -> Option<&'static str> {
    if name.begins_at()? > now {
        return Some("the app's certificate is not valid yet, or this machine's clock is wrong");
    }
    let left = now.until(name.ends_at()?);
    if left.is_zero() {
        Some("the app's certificate has ended; add a new one to the app registration and put it in this one's place")
    } else {
        (left <= NOTICE).then_some(
            "the app's certificate ends soon; add a new one to the app registration and put it in this one's place",
        )
    }
}

/// Refuses a certificate that has ended: Entra would, after a sign-in that counts as failed.
pub(in super::super) fn check(name: &Name, now: UnixTime) -> Result<(), CertificateError> {
    match name.ends_at() {
        Some(ended_at) if ended_at <= now => Err(CertificateError::Ended { ended_at }),
        _ => Ok(()),
    }
}
