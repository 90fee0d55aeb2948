//! A JWT that claims to be an access token: a signed text with claims in it (RFC 7519 section 7.2).

use crate::{claims::Claims, digest::TokenDigest, jws::Jws, reject::TokenFault, token::BearerToken};

/// A token whose parts could be read. Nothing of it is true yet.
pub(super) struct Jwt {
    pub(super) token: BearerToken,
    pub(super) digest: TokenDigest,
    pub(super) jws: Jws,
    pub(super) claims: Claims,
}

impl Jwt {
    pub(super) fn parse(token: BearerToken, digest: TokenDigest) -> Result<Self, TokenFault> {
        let jws = Jws::parse(token.expose_secret())?;
        // Not even a nested JWT is content of another type than claims (RFC 7519 section 5.2).
        if jws.has_content_type || !jws.typ.as_deref().is_none_or(is_access_token_type) {
            return Err(TokenFault::Header);
        }
        let claims = Claims::parse(&jws.payload)?;
        Ok(Self { token, digest, jws, claims })
    }

    /// Returns the bytes that the signature covers.
    pub(super) fn signed(&self) -> &[u8] {
        self.jws.signed(self.token.expose_secret())
    }
}

/// RFC 8725 section 3.11: the kinds of JWT that are access tokens. Entra writes `JWT`, RFC 9068 `at+jwt`.
fn is_access_token_type(typ: &str) -> bool {
    ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    #[test]
    fn only_kinds_of_access_tokens_pass() {
        for (more, expected) in [
            ("", Ok(())),
            (r#","typ":"JWT""#, Ok(())),
            (r#","typ":"jwt""#, Ok(())),
            (r#","typ":"at+jwt""#, Ok(())),
            (r#","typ":"application/AT+JWT""#, Ok(())),
            (r#","typ":"""#, Err(TokenFault::Header)),
            (r#","typ":"logout+jwt""#, Err(TokenFault::Header)),
            (r#","typ":"dpop+jwt""#, Err(TokenFault::Header)),
            (r#","typ":"pop""#, Err(TokenFault::Header)),
            (r#","cty":"JWT""#, Err(TokenFault::Header)),
            (r#","cty":null"#, Err(TokenFault::Header)),
        ] {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RS256","kid":"k"{more}}}"#));
            let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"i","aud":"a","exp":1}"#);
            let text = format!("{header}.{payload}.AAAA");
            let parsed = Jwt::parse(BearerToken::new(&text), TokenDigest::of(text.as_bytes()));
            assert_eq!(parsed.map(drop), expected, "{more}");
        }
        let empty = format!("{}..AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#));
        let parsed = Jwt::parse(BearerToken::new(&empty), TokenDigest::of(empty.as_bytes()));
        assert_eq!(parsed.map(drop), Err(TokenFault::Malformed));
    }
}
