//! A signed text in compact form, taken apart strictly and checked (RFC 7515 sections 7.1 and 5.2).
//!
//! [`check`] is what the [verifier](crate::verify) does with the signature of every token, and nothing else: read the header,
//! select the key, check.
//!
//! Anybody can put a public set of test vectors through it: the example `verify-jws` takes a key document and a text, runs
//! this function, and says by its exit status what it said. Its header shows the loop for Project Wycheproof's sets.

use std::{fmt, str};

use memchr::{memchr, memrchr};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::{
    algorithm::{Algorithm, Algorithms},
    base64url,
    claims::{Text, once, pass},
    keys::{KeyHint, KeySource, Lookup},
    reject::TokenFault,
};

/// Longer than any issuer's key id; what is longer is not looked up, logged or remembered.
const MAX_KID: usize = 256;

/// Checks the signature of a JWS in compact form with a key that the source has at once.
///
/// # Errors
/// [`TokenFault::Malformed`], [`TokenFault::Algorithm`], [`TokenFault::Header`], [`TokenFault::UnknownKey`] or
/// [`TokenFault::Signature`].
pub fn check(compact: &str, keys: &dyn KeySource, allowed: Algorithms) -> Result<(), TokenFault> {
    let compact = compact.as_bytes();
    let jws = Jws::parse(compact)?;
    if !allowed.allow(jws.algorithm) {
        return Err(TokenFault::Algorithm);
    }
    match keys.find(&jws.hint()) {
        Lookup::Found(key) => key.verify(jws.algorithm, jws.signed(compact), &jws.signature),
        Lookup::Unknown | Lookup::Unavailable(_) | Lookup::Wait(_) => Err(TokenFault::UnknownKey),
    }
}

/// A signed text whose parts could be read. Nothing of it is true yet.
pub(crate) struct Jws {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Box<str>>,
    pub(crate) content: Content,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    signed: usize,
}

/// What the header says that is signed (`typ` and `cty`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Claims of an access token, or nothing in particular.
    AccessToken,
    /// Anything else.
    Other,
}

/// The header members that decide something. Keys that the text brings along are not among them.
#[derive(Default)]
struct Header<'a> {
    alg: Option<Text<'a>>,
    kid: Option<Text<'a>>,
    typ: Option<Text<'a>>,
    has_cty: bool,
    /// Something must be done that is not done here.
    asks_for_more: bool,
}

/// By hand, because what serde's derive skips it does not read: such a text would be no JSON, or not even UTF-8.
impl<'de> Deserialize<'de> for Header<'de> {
    fn deserialize<D: Deserializer<'de>>(header: D) -> Result<Self, D::Error> {
        header.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Header<'de>, A::Error> {
        let mut found = Header::default();
        while let Some(name) = given.next_key::<Text<'_>>()? {
            match &*name.0 {
                "alg" => once(&mut found.alg, &mut given, "alg")?,
                "kid" => once(&mut found.kid, &mut given, "kid")?,
                "typ" => once(&mut found.typ, &mut given, "typ")?,
                "cty" => {
                    found.has_cty = true;
                    pass(&mut given)?;
                }
                // Nothing that `crit` could name is understood here, so its presence alone refuses (RFC 7515 section 4.1.11).
                "crit" | "b64" | "zip" | "enc" => {
                    found.asks_for_more = true;
                    pass(&mut given)?;
                }
                _ => pass(&mut given)?,
            }
        }
        Ok(found)
    }
}

impl Jws {
    pub(crate) fn parse(compact: &[u8]) -> Result<Self, TokenFault> {
        let [header, payload, signature] = parts(compact).ok_or(TokenFault::Malformed)?;
        // Before the header is read: of a text of another form it says nothing.
        if memchr(b'.', payload).is_some() {
            return Err(TokenFault::Malformed);
        }
        let signed = header.len() + 1 + payload.len();
        // Of the header nothing stays but this, so the signature gets its place.
        let mut bytes = Vec::with_capacity(signature.len().max(header.len()));
        decode_into(header, &mut bytes)?;
        let (algorithm, header) = Header::read(&bytes)?;
        let (content, kid) = (header.content(), header.kid.map(|kid| kid.0.into()));
        // It may be empty, which can be signed like anything else; claims it is not.
        let mut payload_bytes = Vec::new();
        base64url::decode_onto(payload, &mut payload_bytes).map_err(|_| TokenFault::Malformed)?;
        decode_into(signature, &mut bytes)?;
        Ok(Self { algorithm, content, kid, payload: payload_bytes, signature: bytes, signed })
    }

    /// Returns the bytes that the signature covers: exactly those that were parsed.
    ///
    /// `compact` is the text that this was parsed from.
    pub(crate) fn signed<'a>(&self, compact: &'a [u8]) -> &'a [u8] {
        &compact[..self.signed]
    }

    /// Returns what to look the key up by.
    pub(crate) fn hint(&self) -> KeyHint<'_> {
        KeyHint { kid: self.kid.as_deref(), algorithm: self.algorithm }
    }
}

impl<'a> Header<'a> {
    fn read(json: &'a [u8]) -> Result<(Algorithm, Self), TokenFault> {
        let json = str::from_utf8(json).map_err(|_| TokenFault::Malformed)?;
        let header: Self = serde_json::from_str(json).map_err(|_| TokenFault::Malformed)?;
        let algorithm = Algorithm::of_name(&header.alg.as_ref().ok_or(TokenFault::Malformed)?.0);
        let algorithm = algorithm.ok_or(TokenFault::Algorithm)?;
        if header.asks_for_more {
            return Err(TokenFault::Header);
        }
        if header.kid.as_ref().is_some_and(|kid| kid.0.is_empty() || kid.0.len() > MAX_KID) {
            return Err(TokenFault::UnknownKey);
        }
        Ok((algorithm, header))
    }

    /// RFC 8725 section 3.11: the kinds of JWT that are access tokens. Entra writes `JWT`, RFC 9068 `at+jwt`.
    ///
    /// Not even a nested JWT is content of another type than claims (RFC 7519 section 5.2).
    fn content(&self) -> Content {
        let is_access_token = |typ: &Text<'_>| {
            ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(&typ.0))
        };
        match !self.has_cty && self.typ.as_ref().is_none_or(is_access_token) {
            true => Content::AccessToken,
            false => Content::Other,
        }
    }
}

/// Takes a text apart at its first dot and at its last; none where there are not two.
///
/// So it looks at the short parts only. Any other dot is in the second part.
pub(crate) fn parts(compact: &[u8]) -> Option<[&[u8]; 3]> {
    let (first, last) = (memchr(b'.', compact)?, memrchr(b'.', compact)?);
    (first < last).then(|| [&compact[..first], &compact[first + 1..last], &compact[last + 1..]])
}

/// Decodes one part, which is not empty, in place of what is there.
fn decode_into(part: &[u8], bytes: &mut Vec<u8>) -> Result<(), TokenFault> {
    bytes.clear();
    match base64url::decode_onto(part, bytes) {
        Ok(()) if !bytes.is_empty() => Ok(()),
        _ => Err(TokenFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    #[test]
    fn a_header_asks_for_nothing_that_is_not_done_here() {
        for (header, expected) in [
            (r#"{"alg":"RS256","kid":"k"}"#, Ok(Algorithm::Rs256)),
            (r#"{"alg":"RS256"}"#, Ok(Algorithm::Rs256)),
            (r#"{"alg":"ES256","kid":"k"}"#, Ok(Algorithm::Es256)),
            (r#"{"alg":"RS256","kid":"k","typ":"JWT","x5t":"k"}"#, Ok(Algorithm::Rs256)),
            (r#" {"alg":"RS256","kid":"k","typ":"jwt"} "#, Ok(Algorithm::Rs256)),
            (r#"{"alg":"none","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"alg":"HS256","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"alg":"rs256","kid":"k"}"#, Err(TokenFault::Algorithm)),
            (r#"{"kid":"k"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":["RS256"],"kid":"k"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","alg":"none","kid":"k"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":"k","crit":["exp"]}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","crit":[]}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","crit":null}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","b64":false}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","b64":null}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","enc":"A256GCM"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","zip":"DEF"}"#, Err(TokenFault::Header)),
            (r#"{"alg":"RS256","kid":"k","typ":null}"#, Err(TokenFault::Malformed)),
            (r#"["RS256","k","JWT",null,null,null,null,null]"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":""}"#, Err(TokenFault::UnknownKey)),
            (r#"{"alg":"RS256","kid":null}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":7}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":"k","x":1e999}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":"k","x":"\ud800"}"#, Err(TokenFault::Malformed)),
            (r#"{"alg":"RS256","kid":"k","crit":["\ud800"]}"#, Err(TokenFault::Malformed)),
        ] {
            assert_eq!(Header::read(header.as_bytes()).map(|(algorithm, _)| algorithm), expected, "{header}");
        }
        let no_text = b"{\"alg\":\"RS256\",\"kid\":\"k\",\"x\":\"\xff\"}";
        assert_eq!(Header::read(no_text).map(drop), Err(TokenFault::Malformed));
        let deep = format!(r#"{{"alg":"RS256","kid":"k","x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(Header::read(deep.as_bytes()).map(drop), Err(TokenFault::Malformed));
        let with_kid_of = |length| format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(length));
        assert!(Header::read(with_kid_of(MAX_KID).as_bytes()).is_ok());
        assert_eq!(Header::read(with_kid_of(MAX_KID + 1).as_bytes()).map(drop), Err(TokenFault::UnknownKey));
    }

    #[test]
    fn only_three_unpadded_parts_are_a_signed_text() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#);
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let payload = URL_SAFE_NO_PAD.encode("anything");
        let parse = |text: &str| {
            let jws = Jws::parse(text.as_bytes())?;
            Ok(String::from_utf8_lossy(jws.signed(text.as_bytes())).into_owned())
        };
        assert_eq!(parse(&format!("{header}.{payload}.AAAA")), Ok(format!("{header}.{payload}")));
        assert_eq!(parse(&format!("{header}..AAAA")), Ok(format!("{header}.")));
        for bad in [
            String::new(),
            "..".to_owned(),
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!(".{payload}.AAAA"),
            format!("{header}.{payload}.AAAA.AAAA"),
            format!("{header}.AAAA.{payload}.AAAA"),
            format!("{header}..{payload}.AAAA"),
            format!("{header}.{payload}..AAAA"),
            format!(".{header}.{payload}.AAAA"),
            format!("{header}.{payload}.AAAA."),
            format!("{none}.{payload}.AAAA.AAAA"),
            format!("{header}.{payload}.AAAA="),
            format!("{header}.{payload}.AB"), // stray bits
            format!("{header}.{payload}.A+/A"),
            format!(" {header}.{payload}.AAAA"),
            format!("{header}=.{payload}.AAAA"),
        ] {
            assert_eq!(parse(&bad), Err(TokenFault::Malformed), "{bad}");
        }
    }
}
