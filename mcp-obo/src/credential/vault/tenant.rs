//! Which tenant's tokens a vault accepts, as it says when it does not accept one.

use http::HeaderMap;
use url::Url;

use crate::www_authenticate::challenges;

/// Returns the tenant, if it is one by its looks; vaults have called the parameter by two names.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Box<str>> {
    let challenges = challenges(headers);
    let parameter = |name| challenges.iter().find_map(|challenge| challenge.parameter(name));
    let authority = Url::parse(parameter("authorization").or_else(|| parameter("authorization_uri"))?).ok()?;
    let tenant = authority.path_segments()?.next()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    ((1..=64).contains(&tenant.len()) && tenant.bytes().all(is_plain)).then(|| tenant.into())
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;

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
            (
                "behind another",
                format!(r#"Negotiate, Bearer authorization="https://login.windows.net/{id}""#),
                Some(id),
            ),
            ("without quotes", format!("Bearer authorization=https://login.windows.net/{id}"), Some(id)),
            ("bare", "Bearer".to_owned(), None),
        ] {
            assert_eq!(accepted(&of(&text)).as_deref(), expected, "{name}");
        }
        assert_eq!(accepted(&HeaderMap::new()), None);
    }
}
