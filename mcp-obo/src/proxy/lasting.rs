//! How long what this server has given out is good.

use std::time::Duration;

use mcp_auth_layer::clock::UnixTime;

/// How far the clocks of two replicas may be apart.
pub(super) const CLOCKS: Duration = Duration::from_secs(60);

/// Tells whether what was made then, in seconds since the epoch, is good now.
pub(super) fn lasts(made: u64, life: Duration, now: UnixTime) -> bool {
    let made = UnixTime::from_secs(made);
    made <= now.saturating_add(CLOCKS) && made.saturating_add(life) > now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_lasts_for_its_life_and_not_from_the_future() {
        const NOW: u64 = 1_800_000_000;
        for (name, made, expected) in [
            ("just made", NOW, true),
            ("in its last second", NOW - 599, true),
            ("at its end", NOW - 600, false),
            ("long ago", 0, false),
            ("by a replica whose clock is ahead", NOW + 60, true),
            ("in the future", NOW + 61, false),
            ("at the end of time", u64::MAX, false),
        ] {
            assert_eq!(lasts(made, Duration::from_secs(600), UnixTime::from_secs(NOW)), expected, "{name}");
        }
    }
}
