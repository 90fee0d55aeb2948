//! Until when a token may be taken from the cache, and from when on it is renewed while it still serves.

use std::time::Duration;

use mcp_auth_layer::clock::UnixTime;

/// How long before its end a token is no longer handed out: clocks differ, and calls take time.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// How long before that end a hit renews it: several attempts fit in, and none of them is in a hurry.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Returns the end of a token's use: a little before its own, and never after the assertion's.
///
/// The margin belongs to the downstream token alone. Taken from the earlier of the two ends, it would leave the last minutes
/// of every assertion without a cache: at one call a second 301 exchanges for a 75-minute token instead of two.
pub(crate) fn usable_until(downstream: UnixTime, lifetime: Duration, assertion: UnixTime) -> UnixTime {
    // Half of a short life: a token that lives less than the margin is of use all the same.
    let margin = SKEW.min(lifetime / 2);
    downstream.saturating_sub(margin).min(assertion)
}

/// Returns from when on a hit renews the token; never, where the assertion ends with it and could buy nothing longer.
///
/// `advice` is the time from which Entra itself asks for a renewal (`refresh_in`), which it does for long-lived tokens.
/// `spread`, from 0 to 1, moves the time forward by up to a fifth of the window, so that users who came together are not
/// renewed together.
pub(crate) fn renewed_from(
    now: UnixTime,
    usable_until: UnixTime,
    assertion: UnixTime,
    advice: Option<UnixTime>,
    spread: f64,
) -> Option<UnixTime> {
    if assertion <= usable_until {
        return None;
    }
    // A fifth of a short use: a token that serves five minutes is not renewed at once.
    let window = WINDOW.min(now.until(usable_until) / 5);
    let latest = usable_until.saturating_sub(window);
    let from = advice.map_or(latest, |advice| advice.min(latest));
    Some(from.saturating_sub((window / 5).mul_f64(spread.clamp(0.0, 1.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    #[test]
    fn the_margin_is_the_downstream_tokens_and_the_assertion_is_the_bound() {
        for (name, lifetime, assertion, expected) in [
            ("an hour", 3_600, 100_000, 3_300),
            ("the assertion ends first", 3_600, 1_000, 1_000),
            ("the assertion ends inside the margin", 3_600, 3_400, 3_300),
            ("shorter than the margin", 240, 100_000, 120),
            ("twice the margin", 600, 100_000, 300),
            ("one second", 1, 100_000, 1),
            ("an assertion at its end", 3_600, 0, 0),
        ] {
            let got = usable_until(at(lifetime), Duration::from_secs(lifetime), at(assertion));
            assert_eq!(got.as_secs(), expected, "{name}");
        }
    }

    #[test]
    fn a_token_is_renewed_shortly_before_its_use_ends_if_that_buys_anything() {
        for (name, usable, assertion, advice, spread, expected) in [
            ("an hour", 3_300, 100_000, None, 0.0, Some(3_000)),
            ("spread", 3_300, 100_000, None, 1.0, Some(2_940)),
            ("spread out of its range", 3_300, 100_000, None, 7.0, Some(2_940)),
            ("short", 300, 100_000, None, 0.0, Some(240)),
            ("short and spread", 300, 100_000, None, 1.0, Some(228)),
            ("the assertion ends with it", 3_300, 3_300, None, 0.0, None),
            ("the assertion ends a little later", 3_300, 3_301, None, 0.0, Some(3_000)),
            ("Entra says when", 80_000, 100_000, Some(43_200), 0.0, Some(43_200)),
            ("Entra says a late time", 3_300, 100_000, Some(3_250), 0.0, Some(3_000)),
        ] {
            let got = renewed_from(at(0), at(usable), at(assertion), advice.map(at), spread);
            assert_eq!(got.map(UnixTime::as_secs), expected, "{name}");
        }
    }
}
