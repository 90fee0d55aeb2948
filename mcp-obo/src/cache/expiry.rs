//! Until when a token may be taken from the cache.

use std::time::Duration;

use mcp_auth_layer::clock::UnixTime;

/// How long before its end a token is no longer handed out: clocks differ, and calls take time.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// Returns the end of a token's use: a little before its own, and never after the assertion's.
///
/// The margin belongs to the downstream token alone. Taken from the earlier of the two ends, it would leave the last minutes
/// of every assertion without a cache: at one call a second 301 exchanges for a 75-minute token instead of two.
pub(crate) fn usable_until(downstream: UnixTime, lifetime: Duration, assertion: UnixTime) -> UnixTime {
    // Half of a short life: a token that lives less than the margin is of use all the same.
    let margin = SKEW.min(lifetime / 2);
    downstream.saturating_sub(margin).min(assertion)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let end = UnixTime::from_secs(lifetime);
            let got = usable_until(end, Duration::from_secs(lifetime), UnixTime::from_secs(assertion));
            assert_eq!(got.as_secs(), expected, "{name}");
        }
    }
}
