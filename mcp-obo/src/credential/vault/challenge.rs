//! What a vault says in `WWW-Authenticate` when it does not accept a token.

use http::{HeaderMap, header::WWW_AUTHENTICATE};
use url::Url;

/// Far more than a vault writes.
const MAX: usize = 8 * 1024;

/// Returns the claims that the next token needs.
pub(super) fn claims(headers: &HeaderMap) -> Option<String> {
    parameter(headers, "claims")
}

/// Returns the tenant whose tokens the vault accepts, if it is one by its looks.
pub(super) fn tenant(headers: &HeaderMap) -> Option<Box<str>> {
    let authority = parameter(headers, "authorization").or_else(|| parameter(headers, "authorization_uri"))?;
    let authority = Url::parse(&authority).ok()?;
    let tenant = authority.path_segments()?.next()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    ((1..=64).contains(&tenant.len()) && tenant.bytes().all(is_plain)).then(|| tenant.into())
}

/// Finds a parameter in the quotes that vaults put around values (RFC 9110 section 11.2).
fn parameter(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(WWW_AUTHENTICATE)?.to_str().ok().filter(|text| text.len() <= MAX)?;
    let (_, mut rest) = text.split_once(' ')?;
    loop {
        let (key, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if key.trim_start_matches([',', ' ']).eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(WWW_AUTHENTICATE, text.parse().unwrap())])
    }

    #[test]
    fn the_tenant_is_read_from_where_tokens_come_from() {
        let id = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        for (name, text, expected) in [
            (
                "old host",
                format!(r#"Bearer authorization="https://login.windows.net/{id}", resource="https://vault.azure.net""#),
                Some(id),
            ),
            (
                "second",
                format!(
                    r#"Bearer resource="https://vault.azure.net", authorization="https://login.microsoftonline.com/{id}""#
                ),
                Some(id),
            ),
            (
                "another name",
                format!(r#"Bearer authorization_uri="https://login.microsoftonline.com/{id}/oauth2/authorize""#),
                Some(id),
            ),
            ("no tenant", r#"Bearer authorization="https://login.windows.net/""#.to_owned(), None),
            ("no URL", r#"Bearer authorization="here""#.to_owned(), None),
            ("markup", r#"Bearer authorization="https://a/<b>""#.to_owned(), None),
            ("half", r#"Bearer authorization="https://a/b"#.to_owned(), None),
            ("in another's value", r#"Bearer error="authorization=x""#.to_owned(), None),
            ("bare", "Bearer".to_owned(), None),
        ] {
            assert_eq!(tenant(&of(&text)).as_deref(), expected, "{name}");
        }
        assert_eq!(tenant(&HeaderMap::new()), None);
    }

    #[test]
    fn claims_are_found_beside_the_rest() {
        let text = r#"Bearer authorization="https://a/b", resource="r", error="insufficient_claims", claims="eyJ9""#;
        assert_eq!(claims(&of(text)).as_deref(), Some("eyJ9"));
        assert_eq!(claims(&of(&format!(r#"Bearer claims="{}""#, "a".repeat(MAX)))), None);
    }
}
