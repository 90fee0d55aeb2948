//! A JWT that claims to be an access token: a signed text with claims in it (RFC 7519 section 7.2).

use std::mem;

use crate::{
    claims::Claims,
    digest::TokenDigest,
    jws::{self, Content, Jws},
    reject::{Rejection, RequestFault, TokenFault},
    token::{BearerToken, Presented},
};

/// A token whose parts could be read. Nothing of it is true yet.
pub(super) struct Jwt {
    pub(super) token: BearerToken,
    pub(super) digest: TokenDigest,
    pub(super) jws: Jws,
    pub(super) claims: Claims,
}

impl Jwt {
    pub(super) fn parse(given: Presented, digest: TokenDigest) -> Result<Self, Rejection> {
        match read(given.bytes()) {
            Ok((jws, claims)) => Ok(Self { token: given.into_token(), digest, jws, claims }),
            Err(fault) => Err(refused(&given, fault)),
        }
    }

    /// Returns the bytes that the signature covers.
    pub(super) fn signed(&self) -> &[u8] {
        self.jws.signed(self.token.bytes())
    }
}

/// Refuses what has not even the parts of a signed text; that costs less than to ask whether it is known.
pub(super) fn has_parts(given: &Presented) -> Result<(), Rejection> {
    jws::parts(given.bytes()).map(drop).ok_or_else(|| refused(given, TokenFault::Malformed))
}

fn read(compact: &[u8]) -> Result<(Jws, Claims), TokenFault> {
    let mut jws = Jws::parse(compact)?;
    if jws.content != Content::AccessToken {
        return Err(TokenFault::Header);
    }
    let claims = Claims::parse(mem::take(&mut jws.payload))?;
    Ok((jws, claims))
}

/// What could not be a token at all is a fault of the request; only what is refused is asked for that.
fn refused(given: &Presented, fault: TokenFault) -> Rejection {
    if given.is_token68() { fault.into() } else { RequestFault::Malformed.into() }
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
            assert_eq!(parse(&text), expected.map_err(Rejection::from), "{more}");
        }
        let empty = format!("{}..AAAA", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#));
        assert_eq!(parse(&empty), Err(TokenFault::Malformed.into()));
    }

    #[test]
    fn letters_of_no_token_are_a_fault_of_the_request_wherever_they_stand() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#);
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"i","aud":"a","exp":1}"#);
        let (request, token) = (Rejection::from(RequestFault::Malformed), Rejection::from(TokenFault::Malformed));
        for (text, expected) in [
            (format!("{header}.{payload}.AA AA"), &request),
            (format!("{none}.{payload}.AA,AA"), &request),
            (format!("{header}.AA\u{e4}AA.AAAA"), &request),
            (format!("{header}.{payload}.AAAA=A"), &request),
            ("no dots here".to_owned(), &request),
            (String::new(), &request),
            (format!("{header}.{payload}.AAAA="), &token),
            (format!("{header}.AA~AA.AAAA"), &token),
            (format!("{header}.{payload}"), &token),
            ("word".to_owned(), &token),
        ] {
            assert_eq!(parse(&text).as_ref(), Err(expected), "{text}");
            let given = Presented::token(BearerToken::new(&text));
            if let Err(why) = has_parts(&given) {
                assert_eq!(&why, expected, "{text}");
            }
        }
    }

    fn parse(text: &str) -> Result<(), Rejection> {
        Jwt::parse(Presented::token(BearerToken::new(text)), TokenDigest::of(text.as_bytes())).map(drop)
    }
}
