//! Base URLs and browser origins, spelled as clients compare them.

use mcp_auth_layer::fetch::is_loopback;
use url::Url;

use super::{Reader, list};

/// Reads a base URL: https, or http on loopback; nothing but scheme, host and port, spelled as clients will compare it.
///
/// # Errors
/// A text that says what is wrong with it.
pub fn base_url(text: &str) -> Result<String, String> {
    let bare = text.trim_end_matches('/');
    let url = Url::parse(bare).map_err(|_| format!("{text:?} is not a URL"))?;
    let loopback = url.host_str().is_some_and(is_loopback);
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(format!("{text:?} must be https, or http on loopback"));
    }
    let origin = url.origin().ascii_serialization();
    if origin == bare {
        Ok(origin)
    } else {
        Err(format!("{text:?} must be scheme, lower-case host and port alone, as in {origin:?}"))
    }
}

/// Reads browser origins; each must be spelled as browsers send it.
pub fn origins(reader: &mut Reader<'_>, name: &str, text: &str) -> Vec<String> {
    let mut origins = Vec::new();
    for entry in list(text) {
        match Url::parse(&entry) {
            Ok(url) if url.origin().is_tuple() && url.origin().ascii_serialization() == entry => origins.push(entry),
            _ => reader.mistake(format!("{name}: {entry:?} is not an origin such as https://app.example.com")),
        }
    }
    origins
}
