//! A JWT in compact form, taken apart strictly (RFC 7515 section 7.1, RFC 7519 section 7.2).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

use crate::{claims::Claims, digest::TokenDigest, present::present, reject::TokenFault, token::BearerToken};

/// Longer than any issuer's key id; what is longer is not looked up, logged or remembered.
const MAX_KID: usize = 256;

/// A token whose parts could be read. Nothing of it is true yet.
pub(super) struct Jwt {
    pub(super) token: BearerToken,
    pub(super) digest: TokenDigest,
    pub(super) kid: Box<str>,
    pub(super) claims: Claims,
    pub(super) signature: Vec<u8>,
    signed: usize,
}

/// The header members that decide something. Keys that the token brings along are not among them.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    cty: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    b64: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    zip: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    enc: Option<Value>,
}

impl Jwt {
    pub(super) fn parse(token: BearerToken, digest: TokenDigest) -> Result<Self, TokenFault> {
        let text = token.expose_secret();
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenFault::Malformed);
        };
        let signed = header.len() + 1 + payload.len();
        let kid = Header::read(&decode(header)?)?;
        let claims = Claims::parse(&decode(payload)?)?;
        let signature = decode(signature)?;
        Ok(Self { digest, kid, claims, signature, signed, token })
    }

    /// Returns the bytes that the signature covers: exactly those that were parsed.
    pub(super) fn signed(&self) -> &[u8] {
        &self.token.expose_secret().as_bytes()[..self.signed]
    }
}

impl Header {
    /// Checks the header and returns the key's name.
    fn read(json: &[u8]) -> Result<Box<str>, TokenFault> {
        // serde reads a struct from a list too; a header is an object (RFC 7515 section 4).
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(TokenFault::Malformed);
        }
        let header: Self = serde_json::from_slice(json).map_err(|_| TokenFault::Malformed)?;
        // The policy decides the algorithm, never the token (RFC 8725 section 3.1).
        if header.alg != "RS256" {
            return Err(TokenFault::Algorithm);
        }
        // Nothing that `crit` could name is understood here, so its presence alone refuses (RFC 7515 section 4.1.11).
        let strange =
            [&header.crit, &header.b64, &header.zip, &header.enc, &header.cty].iter().any(|one| one.is_some());
        if strange || !header.typ.as_deref().is_none_or(is_access_token_type) {
            return Err(TokenFault::Header);
        }
        match header.kid {
            Some(kid) if !kid.is_empty() && kid.len() <= MAX_KID => Ok(kid.into()),
            _ => Err(TokenFault::UnknownKey),
        }
    }
}

/// RFC 8725 section 3.11: the kinds of JWT that are access tokens. Entra writes `JWT`, RFC 9068 `at+jwt`.
fn is_access_token_type(typ: &str) -> bool {
    ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ))
}

/// Decodes one part: base64url without padding, without stray bits.
fn decode(part: &str) -> Result<Vec<u8>, TokenFault> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(TokenFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_rs256_header_with_a_key_name_passes() {
        for (header, expected) in [
            (r#"{"alg":"RS256","kid":"k"}"#, Ok(())),
            (r#"{"alg":"RS256","kid":"k","typ":"JWT","x5t":"k"}"#, Ok(())),
            (r#"{"alg":"RS256","kid":"k","typ":"at+jwt"}"#, Ok(())),
            (r#"{"alg":"RS256","kid":"k","typ":"application/AT+JWT"}"#, Ok(())),
            (r#" {"alg":"RS256","kid":"k","typ":"jwt"} "#, Ok(())),
            (r#"{"alg":"none","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"alg":"HS256","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"alg":"rs256","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"alg":"PS256","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"kid":"k"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":["RS256"],"kid":"k"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","alg":"none","kid":"k"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":"k","crit":["exp"]}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","crit":[]}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","crit":null}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","b64":false}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","b64":null}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","enc":"A256GCM"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","cty":"JWT"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","typ":null}"#, Err(TokenFault::Malformed)),
            (r#"["RS256","k","JWT",null,null,null,null,null]"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":"k","zip":"DEF"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","typ":"logout+jwt"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","typ":"pop"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256"}"#, Err(TokenFault::UnknownKey)),
            (r#"{"alg":"RS256","kid":""}"#, Err(TokenFault::UnknownKey)),
            (r#"{"alg":"RS256","kid":7}"#, Err(TokenFault::Malformed)),
        ] {
            assert_eq!(Header::read(header.as_bytes()).map(drop), expected, "{header}");
        }
        let with_kid_of = |length| format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(length));
        assert_eq!(Header::read(with_kid_of(MAX_KID).as_bytes()).map(drop), Ok(()));
        assert_eq!(Header::read(with_kid_of(MAX_KID + 1).as_bytes()).map(drop), Err(TokenFault::UnknownKey));
    }

    #[test]
    fn only_three_unpadded_parts_are_a_token() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#);
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"i","aud":"a","exp":1}"#);
        let parse = |text: String| {
            let token = BearerToken::new(&text);
            let digest = TokenDigest::of(text.as_bytes());
            Jwt::parse(token, digest).map(|jwt| String::from_utf8_lossy(jwt.signed()).into_owned())
        };
        assert_eq!(parse(format!("{header}.{payload}.AAAA")), Ok(format!("{header}.{payload}")));
        for bad in [
            String::new(),
            "..".to_owned(),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}.{payload}.AAAA.AAAA"),
            format!("{header}.{payload}.AAAA="),
            format!("{header}.{payload}.AB"), // stray bits
            format!("{header}.{payload}.A+/A"),
            format!(" {header}.{payload}.AAAA"),
            format!("{header}=.{payload}.AAAA"),
        ] {
            assert_eq!(parse(bad.clone()), Err(TokenFault::Malformed), "{bad}");
        }
    }
}
