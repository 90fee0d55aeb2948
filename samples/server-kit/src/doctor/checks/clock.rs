//! Whether this machine's clock agrees with Entra's.

use super::super::check::{Check, Finding};
use crate::failure::Who;

pub(in super::super) const ID: &str = "clock";

/// More than this is worth a look.
const LATE: u64 = 60;
/// More than this is more than Entra, and this server, forgive.
const WRONG: u64 = 300;

pub(in super::super) fn check(ahead: Option<i64>) -> Check {
    let Some(ahead) = ahead else {
        return Check::skipped(ID, "nobody said what time it is");
    };
    let (by, way) = (ahead.unsigned_abs(), if ahead < 0 { "behind" } else { "ahead of" });
    let seen = format!("{by} s {way} Entra's");
    let finding = |cause: &str| {
        Finding::new(
            cause,
            "Synchronise this machine's clock (chrony, systemd-timesyncd, w32tm); in a virtual machine that slept, do it now.",
            Who::Operator,
            &["clock skew", "AADSTS700024", "AADSTS500133", "NTP"],
        )
    };
    match () {
        () if by <= LATE => Check::ok(ID, seen),
        () if by <= WRONG => Check::warn(ID, seen, finding("Near the limit: tokens are refused from five minutes on.")),
        () => Check::fail(
            ID,
            seen,
            finding("Tokens look expired or not yet valid here, and what this machine signs looks so to Entra."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::check::Status, *};

    #[test]
    fn a_minute_is_forgiven_and_five_are_too_many() {
        for (ahead, status) in [
            (0, Status::Ok),
            (60, Status::Ok),
            (-60, Status::Ok),
            (61, Status::Warn),
            (-300, Status::Warn),
            (301, Status::Fail),
            (-301, Status::Fail),
            (i64::MIN, Status::Fail),
        ] {
            assert_eq!(check(Some(ahead)).status, status, "{ahead}");
        }
        assert_eq!(check(None).status, Status::Skipped);
        assert!(check(Some(-400)).seen.contains("behind"));
    }
}
