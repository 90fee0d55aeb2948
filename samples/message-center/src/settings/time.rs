//! Points and spans of time, as an operator writes them.

use std::time::Duration;

use jiff::Timestamp;
use mcp_auth_layer::clock::UnixTime;

use server_kit::settings::Reader;

/// Reads a point of time, by which something ends that began before; unset ends nothing.
///
/// One that is still to come ends whatever begins until then, as soon as it begins: seldom what was meant.
pub(super) fn point(reader: &mut Reader<'_>, name: &str, now: UnixTime) -> UnixTime {
    let nothing = UnixTime::from_secs(0);
    let Some(text) = reader.get(name) else { return nothing };
    match text.trim().parse::<Timestamp>().map(|time| u64::try_from(time.as_second())) {
        Ok(Ok(seconds)) => {
            if seconds > now.as_secs() {
                reader
                    .warn(format!("{name}: {text:?} is still to come, and until then whatever begins is over at once"));
            }
            UnixTime::from_secs(seconds)
        }
        _ => {
            reader.mistake(format!("{name}: {text:?} is not a time with its zone such as 2026-07-28T09:00:00Z"));
            nothing
        }
    }
}

/// Reads a span, such as `12h` or `7d`.
pub(super) fn span(reader: &mut Reader<'_>, name: &str, default: Duration, longest: Duration) -> Duration {
    let Some(text) = reader.get(name) else { return default };
    match read(text.trim()) {
        Some(span) if !span.is_zero() && span <= longest => span,
        _ => {
            let days = longest.as_secs() / 86_400;
            reader.mistake(format!("{name}: {text:?} is not a span of at most {days} days such as 30m, 12h or 7d"));
            default
        }
    }
}

fn read(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    // A sign would be read as part of the number.
    let number: u64 = number.parse().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    number.checked_mul(unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit() {
        for (text, seconds) in [
            ("45s", Some(45)),
            ("30m", Some(1_800)),
            ("12h", Some(43_200)),
            ("7d", Some(604_800)),
            ("0d", Some(0)),
            ("7", None),
            ("d", None),
            ("", None),
            ("+7d", None),
            ("-7d", None),
            ("7 d", None),
            ("7w", None),
            ("1.5d", None),
            ("7\u{fc}", None),
            ("99999999999999999999d", None),
            ("999999999999999999d", None),
        ] {
            assert_eq!(read(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
