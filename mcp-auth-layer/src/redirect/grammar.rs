//! The grammar of a redirect URI, read from its raw bytes.
//!
//! ```text
//! uri    = ("http" / "https" / "cursor") "://" host [":" port] [path ["?" query]]
//! host   = "127.0.0.1" / "localhost" / "[::1]" / name
//! name   = label 1*("." label), lower-case letters, digits and inner hyphens; the last label is no number
//! port   = 1 to 65535 without leading zeros
//! path   = 1*("/" segment); letters, digits, - . _ ~ + = : , and %HH; only the last segment may be empty; none is . or ..
//! query  = the path's bytes, and / ? &
//! ```
//! It is narrower than RFC 3986 on purpose: every byte that some reader of URLs takes for a delimiter where others do not is
//! missing, so there is nothing to disagree about.

use percent_encoding::percent_decode_str;
use url::{Url, form_urlencoded};

use super::{LoopbackHost, RedirectErrorKind as Kind};

const MAX_BYTES: usize = 512;

/// What the authorization response adds (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207, OpenID Connect): a second value
/// could be taken for ours.
pub(super) const RESPONSE_PARAMETERS: [&str; 10] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "session_state",
    "access_token",
    "id_token",
    "response",
];

/// The parts of a redirect URI, as slices of its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) scheme: Scheme,
    pub(super) host: Host<'a>,
    pub(super) port: Option<u16>,
    pub(super) path: &'a str,
    query: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    /// The one private scheme of the catalogue.
    Cursor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    Loopback(LoopbackHost),
    Name(&'a str),
}

impl Scheme {
    const ALL: [Self; 3] = [Self::Http, Self::Https, Self::Cursor];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Cursor => "cursor",
        }
    }

    const fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Cursor => None,
        }
    }
}

impl<'a> Host<'a> {
    const fn as_str(self) -> &'a str {
        match self {
            Self::Loopback(host) => host.as_str(),
            Self::Name(name) => name,
        }
    }
}

/// Reads a URI, or says which rule it breaks.
pub(super) fn read(text: &str) -> Result<Parts<'_>, Kind> {
    bytes(text)?;
    let (scheme, rest) = scheme(text).ok_or(Kind::Scheme)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = self::authority(authority)?;
    let (path, query) = match tail.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (tail, None),
    };
    self::path(path)?;
    match query {
        Some(_) if path.is_empty() => return Err(Kind::Query),
        Some(query) => self::query(query)?,
        None => {}
    }
    let parts = Parts { scheme, host, port, path, query };
    if parts.as_browsers_do(text) { Ok(parts) } else { Err(Kind::Disagreement) }
}

/// Refuses what is wrong wherever it stands, so that all that follows can cut the text at any byte.
fn bytes(text: &str) -> Result<(), Kind> {
    if text.len() > MAX_BYTES {
        return Err(Kind::TooLong);
    }
    text.bytes().try_for_each(|byte| match byte {
        b'@' => Err(Kind::Userinfo),
        b'#' => Err(Kind::Fragment),
        b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' => Err(Kind::Byte),
        _ if byte.is_ascii_graphic() => Ok(()),
        _ => Err(Kind::Byte),
    })
}

fn scheme(text: &str) -> Option<(Scheme, &str)> {
    let (name, rest) = text.split_once("://")?;
    Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == name).map(|scheme| (scheme, rest))
}

fn authority(text: &str) -> Result<(Host<'_>, Option<u16>), Kind> {
    // The colons of an IPv6 address stand inside its brackets.
    let host_ends = text.find(']').map_or_else(|| text.find(':').unwrap_or(text.len()), |bracket| bracket + 1);
    let (host, port) = text.split_at(host_ends);
    let host = match LoopbackHost::spelt(host) {
        Some(host) => Host::Loopback(host),
        None if is_dns_name(host) => Host::Name(host),
        None => return Err(Kind::Host),
    };
    match port.strip_prefix(':') {
        Some(digits) => Ok((host, Some(self::port(digits)?))),
        None if port.is_empty() => Ok((host, None)),
        None => Err(Kind::Host),
    }
}

fn is_dns_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label that starts with a digit could be read as a piece of an IPv4 address (decimal, octal, hexadecimal).
    let last_is_a_name = |(_, last): (&str, &str)| last.starts_with(|first: char| first.is_ascii_lowercase());
    text.len() <= 253 && text.split('.').all(label) && text.rsplit_once('.').is_some_and(last_is_a_name)
}

fn port(digits: &str) -> Result<u16, Kind> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain).ok_or(Kind::Port)
}

fn path(text: &str) -> Result<(), Kind> {
    let Some(segments) = text.strip_prefix('/') else {
        return Ok(()); // Empty: the caller cut the text before a slash or a question mark.
    };
    encoded(segments, Kind::Path, is_path_byte, |hidden| !b"./\\%?#@:;".contains(&hidden))?;
    let mut segments = segments.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => return Err(Kind::DotSegment),
            // Two slashes begin an authority for whoever cuts the path off and resolves it again.
            "" if segments.peek().is_some() => return Err(Kind::Path),
            _ => {}
        }
    }
    Ok(())
}

fn query(text: &str) -> Result<(), Kind> {
    encoded(text, Kind::Query, |byte| is_path_byte(byte) || b"?&".contains(&byte), |_| true)?;
    let ours = |name: &str| RESPONSE_PARAMETERS.iter().any(|parameter| name.eq_ignore_ascii_case(parameter));
    match form_urlencoded::parse(text.as_bytes()).any(|(name, _)| ours(&name)) {
        true => Err(Kind::ResponseParameter),
        false => Ok(()),
    }
}

const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~' | b'+' | b'=' | b':' | b',')
}

/// Checks each byte, and each byte that is written as `%HH`: no control may hide there, and no overlong or broken UTF-8,
/// in which lax decoders find delimiters.
fn encoded(text: &str, kind: Kind, plain: fn(u8) -> bool, hidden: fn(u8) -> bool) -> Result<(), Kind> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = (digit().ok_or(Kind::Percent)?, digit().ok_or(Kind::Percent)?);
            let value = u8::try_from(high * 16 + low).map_err(|_| Kind::Percent)?;
            if value.is_ascii_control() || !hidden(value) {
                return Err(Kind::Percent);
            }
        } else if !plain(byte) {
            return Err(kind);
        }
    }
    percent_decode_str(text).decode_utf8().map(drop).map_err(|_| Kind::Percent)
}

impl Parts<'_> {
    /// Says whether the parser that follows the URL standard, as browsers do, finds the same parts.
    pub(super) fn as_browsers_do(&self, text: &str) -> bool {
        let Ok(url) = Url::parse(text) else { return false };
        url.scheme() == self.scheme.as_str()
            && url.host_str() == Some(self.host.as_str())
            && url.port_or_known_default() == self.port.or(self.scheme.default_port())
            && url.username().is_empty()
            && url.password().is_none()
            && (url.path() == self.path || (self.path.is_empty() && url.path() == "/"))
            && url.query() == self.query
            && url.fragment().is_none()
    }
}
