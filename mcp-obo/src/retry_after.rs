//! `Retry-After` (RFC 9110 section 10.2.3): seconds or a date.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, header::RETRY_AFTER};
use mcp_auth_layer::clock::UnixTime;

/// Nobody is kept waiting longer for one answer, whatever it says.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// Reads how long to wait from `now`; at least a second when the header is there.
pub(crate) fn read(headers: &HeaderMap, now: UnixTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
            now.until(UnixTime::from_secs(date.as_secs()))
        }
    };
    Some(wait.clamp(Duration::from_secs(1), LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        // Sun, 06 Nov 1994 08:49:37 GMT is the specification's own example.
        let now = UnixTime::from_secs(784_111_777);
        for (name, text, expected) in [
            ("seconds", "7", Some(7)),
            ("spaces", " 7 ", Some(7)),
            ("zero", "0", Some(1)),
            ("a day", "86400", Some(3_600)),
            ("a date ahead", "Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("a date behind", "Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
            ("a date far ahead", "Sat, 06 Nov 2094 08:49:37 GMT", Some(3_600)),
            ("negative", "-1", None),
            ("a fraction", "1.5", None),
            ("words", "soon", None),
            ("empty", "", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(read(&headers, now), expected.map(Duration::from_secs), "{name}");
        }
        assert_eq!(read(&HeaderMap::new(), now), None);
    }
}
