//! The addresses in `X-Forwarded-For` and `Forwarded`, from the nearest hop outwards.
//!
//! An entry that is no address is nothing: it ends the walk.

use std::net::{IpAddr, SocketAddr};

use http::header::{GetAll, HeaderValue};

/// Reads `X-Forwarded-For`; each hop has added its peer at the end.
pub(super) fn x_forwarded_for<'a>(lines: GetAll<'a, HeaderValue>) -> impl Iterator<Item = Option<IpAddr>> + use<'a> {
    let lines = lines.iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    entries.map(|entry| str::from_utf8(entry.trim_ascii()).ok().and_then(address))
}

/// Reads `Forwarded` (RFC 7239); each hop has added an element at the end.
///
/// A line that breaks the grammar is nothing as a whole: a quote that somebody left open would move the bounds of the elements
/// behind it.
pub(super) fn forwarded<'a>(lines: GetAll<'a, HeaderValue>) -> impl Iterator<Item = Option<IpAddr>> + use<'a> {
    let lines = lines.iter().rev();
    lines.flat_map(|line| line.to_str().ok().and_then(elements).unwrap_or_else(|| vec![None]).into_iter().rev())
}

/// Reads an address, in brackets or not, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).filter(|text| text.contains(':'));
    let plain = bare.unwrap_or(text).parse::<IpAddr>();
    plain.or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok().map(|ip| ip.to_canonical())
}

/// Reads a line of RFC 7239 section 4; nothing when it breaks the grammar.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let (mut addresses, mut node) = (Vec::new(), None);
    let mut rest = line;
    loop {
        let (name, value, after) = pair(rest.trim_ascii_start())?;
        // "Each parameter MUST NOT occur more than once per field-value" element.
        if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
            return None;
        }
        let after = after.trim_ascii_start();
        let next = after.strip_prefix([',', ';']);
        match after.as_bytes().first() {
            Some(b';') => {}
            Some(b',') | None => addresses.push(node.take().and_then(|node| address(&node))),
            Some(_) => return None,
        }
        match next {
            Some(next) => rest = next,
            None => return Some(addresses),
        }
    }
}

/// Reads `name=value`; returns what comes after it too.
fn pair(text: &str) -> Option<(&str, String, &str)> {
    let (name, after) = token(text)?;
    let after = after.strip_prefix('=')?;
    let (value, rest) = match after.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => token(after).map(|(value, rest)| (value.to_owned(), rest))?,
    };
    Some((name, value, rest))
}

/// RFC 9110 section 5.6.2.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |one: char| one.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(one);
    let end = text.find(|one| !is_token(one)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// RFC 9110 section 5.6.4, without the first quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, one)) = characters.next() {
        match one {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(one),
        }
    }
    None
}
