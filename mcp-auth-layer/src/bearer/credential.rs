//! Takes the credential out of a request (RFC 6750 section 2.1).

use http::{HeaderMap, HeaderValue, Uri, header::AUTHORIZATION};
use url::form_urlencoded;

use crate::{reject::RequestFault, token::Presented};

/// What the `Authorization` header holds.
#[derive(Debug)]
pub(super) enum Credential {
    /// There is no header.
    None,
    /// A credential of another scheme.
    Other,
    /// What may be a token.
    Bearer(Presented),
}

/// Takes the header out of the request; nobody further in gets it, whatever is decided.
///
/// RFC 9110 section 11.1: the scheme's case does not count. Whether what follows is a token is for the verifier to say.
pub(super) fn take(headers: &mut HeaderMap) -> Result<Credential, RequestFault> {
    let before = headers.len();
    let Some(value) = headers.remove(AUTHORIZATION) else { return Ok(Credential::None) };
    // All values of the name went at once.
    if before - headers.len() > 1 {
        return Err(RequestFault::SeveralCredentials);
    }
    Ok(read(value))
}

fn read(value: HeaderValue) -> Credential {
    let bytes = value.as_bytes();
    let scheme = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    if !bytes[..scheme].eq_ignore_ascii_case(b"Bearer") {
        return Credential::Other;
    }
    let end = bytes.trim_ascii_end().len().max(scheme);
    let start = end - bytes[scheme..end].trim_ascii_start().len();
    Credential::Bearer(Presented::in_header(value, start..end))
}

/// Tells whether a token stands in the query, where RFC 6750 section 2.3 and MCP do not want it.
///
/// Such a request is refused whatever its header says: by then the token is in somebody's log.
pub(super) fn stands_in_query(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| stands_among(query.as_bytes()))
}

/// Tells whether a token stands among the parameters of a query or a form.
pub(crate) fn stands_among(parameters: &[u8]) -> bool {
    // The names are decoded: an encoded one is the same parameter to whoever reads it.
    form_urlencoded::parse(parameters).any(|(name, _)| name.eq_ignore_ascii_case("access_token"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn one_header_with_one_token_is_a_credential() {
        for (values, expected) in [
            (&[][..], "none"),
            (&[&b"Bearer abc.def-_~+/=="[..]], "abc.def-_~+/=="),
            (&[b"bearer abc"], "abc"),
            (&[b"BEARER   abc "], "abc"),
            (&[b"Basic dTpw"], "other"),
            (&[b"DPoP abc"], "other"),
            (&[b"Bearerabc"], "other"),
            (&[b""], "other"),
            (&[b"Bearer"], "malformed"),
            (&[b"Bearer "], "malformed"),
            (&[b"Bearer ="], "malformed"),
            (&[b"Bearer a=b"], "malformed"),
            (&[b"Bearer a b"], "malformed"),
            (&[b"Bearer a, Bearer b"], "malformed"),
            (&[b"Bearer a\tb"], "malformed"),
            (&[b"Bearer \xc3\xa4"], "malformed"),
            (&[b"Bearer \xff"], "malformed"),
            (&[b"Bearer a", b"Bearer a"], "several"),
            (&[b"Basic x", b"Bearer a"], "several"),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
            }
            let got = match take(&mut headers) {
                Ok(Credential::None) => "none".to_owned(),
                Ok(Credential::Other) => "other".to_owned(),
                Ok(Credential::Bearer(given)) => {
                    if given.is_token68() {
                        given.into_token().expose_secret().to_owned()
                    } else {
                        "malformed".to_owned()
                    }
                }
                Err(RequestFault::SeveralCredentials) => "several".to_owned(),
                Err(_) => "malformed".to_owned(),
            };
            assert_eq!(got, expected, "{values:?}");
            assert!(headers.is_empty(), "{values:?}");
        }
    }

    #[test]
    fn a_token_in_the_query_is_found_however_its_name_is_written() {
        for (uri, expected) in [
            ("/mcp", false),
            ("/mcp?", false),
            ("/mcp?x=access_token", false),
            ("/mcp?access_tokens=1", false),
            ("/mcp?access_token=abc", true),
            ("/mcp?access_token", true),
            ("/mcp?x=1&access_token=", true),
            ("/mcp?ACCESS_TOKEN=abc", true),
            ("/mcp?%61ccess%5Ftoken=abc", true),
        ] {
            assert_eq!(stands_in_query(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
