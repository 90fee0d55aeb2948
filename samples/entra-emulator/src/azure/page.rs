//! Pages of a list.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How many items a page has where the request does not ask for fewer.
const SIZE: usize = 2;

/// A part of a list, and how to ask for the next one.
pub(crate) struct Page<'a, T> {
    pub(crate) items: &'a [T],
    /// Opaque to clients.
    pub(crate) next: Option<String>,
}

impl<'a, T> Page<'a, T> {
    /// Cuts a page out of a list; none when the token is not one of ours.
    pub(crate) fn cut(all: &'a [T], token: Option<&str>, size: Option<usize>) -> Option<Self> {
        let start = token.map_or(Some(0), read)?;
        let rest = all.get(start..)?;
        let items = &rest[..rest.len().min(size.map_or(SIZE, |size| size.min(SIZE)).max(1))];
        let end = start + items.len();
        Some(Self { items, next: (end < all.len()).then(|| URL_SAFE_NO_PAD.encode(format!("page:{end}"))) })
    }
}

fn read(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("page:")?.parse().ok()
}
