//! A time that may be absent, in the space of a number: claims are kept for every caller that is known.

use std::num::NonZeroU64;

use crate::clock::UnixTime;

/// Seconds since the epoch and one more, so that zero is left to say that there is none.
///
/// The last second of all counts as the one before it.
#[derive(Clone, Copy)]
pub(super) struct Date(NonZeroU64);

impl Date {
    pub(super) const fn of(seconds: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(seconds))
    }

    pub(super) const fn time(self) -> UnixTime {
        UnixTime::from_secs(self.0.get() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_but_the_last_is_kept() {
        for (given, kept) in [(0, 0), (1, 1), (u64::MAX - 1, u64::MAX - 1), (u64::MAX, u64::MAX - 1)] {
            assert_eq!(Date::of(given).time(), UnixTime::from_secs(kept), "{given}");
        }
        assert_eq!(size_of::<Option<Date>>(), size_of::<u64>());
    }
}
