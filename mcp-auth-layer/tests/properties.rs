//! Laws of the bearer layer; the machine looks for the exception.
//!
//! The tokens are signed, so that what is refused is refused for the one thing that was changed.

#![allow(clippy::unwrap_used, reason = "a key that cannot be made fails the test")]

#[path = "verify_jws/signer.rs"]
#[allow(dead_code, reason = "one algorithm is enough here")]
mod signer;

use std::convert::Infallible;

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header::AUTHORIZATION};
use mcp_auth_layer::{
    BearerLayer,
    algorithm::{Algorithm, Algorithms},
    bearer::Caller,
    clock::{FixedClock, UnixTime},
    fetch::HttpClient,
    jws,
    keys::FixedKeys,
    oidc::OidcIssuer,
    reject::{Rejection, RequestFault, TokenFault},
    verify::Verifier,
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

use self::signer::Signer;

const NOW: u64 = 1_798_761_600;
const ISSUER: &str = "https://login.example/realms/staff";
const AUDIENCE: &str = "https://mcp.example/mcp";
const SCOPE: &str = "posts.read";

/// An issuer with one key, and a layer that trusts it.
struct World {
    signer: Signer,
    layer: BearerLayer,
}

impl World {
    fn new() -> Self {
        let signer = Signer::es256();
        let allowed = Algorithms::new([Algorithm::Es256]).unwrap();
        let keys = FixedKeys::from_jwks_for(&json!({"keys": [signer.jwk("k")]}).to_string(), allowed).unwrap();
        let nobody = HttpClient::new(service_fn(|_| async {
            let mut missing = Response::new(bytes::Bytes::new());
            *missing.status_mut() = StatusCode::NOT_FOUND;
            Ok::<_, Infallible>(missing)
        }));
        let issuer = OidcIssuer::over(nobody, ISSUER, AUDIENCE).unwrap();
        let issuer = issuer.with_algorithms([Algorithm::Es256]).unwrap().with_keys(keys);
        let issuer = issuer.with_clock(FixedClock::at(UnixTime::from_secs(NOW)));
        let layer = BearerLayer::with_verifier(Verifier::oidc(&issuer)).require_scope(SCOPE).unwrap();
        Self { signer, layer }
    }

    /// Signs the claims of a good token, except for one.
    fn token_with(&self, name: &str, value: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "scope": SCOPE, "exp": NOW + 600, "iat": NOW,
        });
        claims[name] = value.clone();
        self.signer.sign(&json!({"alg": "ES256", "kid": "k", "typ": "at+jwt"}), &claims.to_string())
    }

    fn good_token(&self) -> String {
        self.token_with("sub", &json!("alice"))
    }

    /// Sends a request with these headers; what the service was told, or why it was not asked.
    fn send(&self, headers: HeaderMap) -> Result<Seen, Rejection> {
        let service = self.layer.layer(service_fn(|request: Request<()>| async move {
            let verified = Caller::from_extensions(request.extensions()).unwrap().verified().is_some();
            let credentials = request.headers().get_all(AUTHORIZATION).iter().count();
            let mut response = Response::new(());
            response.extensions_mut().insert(Seen { verified, credentials });
            Ok::<_, Infallible>(response)
        }));
        let mut request = Request::new(());
        *request.headers_mut() = headers;
        let mut response = tokio_test::block_on(service.oneshot(request)).unwrap();
        match response.extensions_mut().remove::<Rejection>() {
            Some(rejection) => {
                assert!(response.status().is_client_error(), "{rejection:?} is {}", response.status());
                assert_eq!(response.extensions().get::<Seen>(), None, "a refused request reaches nobody");
                Err(rejection)
            }
            None => {
                assert_eq!(response.status(), StatusCode::OK);
                Ok(*response.extensions().get::<Seen>().unwrap())
            }
        }
    }

    fn send_value(&self, value: &[u8]) -> Result<Seen, Rejection> {
        self.send(HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())]))
    }

    fn send_token(&self, token: &str) -> Result<Seen, Rejection> {
        self.send_value(format!("Bearer {token}").as_bytes())
    }
}

/// What the service behind the layer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    verified: bool,
    credentials: usize,
}

const PASSED: Seen = Seen { verified: true, credentials: 0 };

/// Bytes that HTTP lets stand in a header.
fn header_bytes() -> impl Strategy<Value = Vec<u8>> {
    let any = prop_oneof![Just(b'\t'), 0x20_u8..=0x7e, 0x80_u8..=0xff];
    let piece = prop_oneof![
        4 => vec(any, 0..12),
        2 => select(vec!["Bearer", "bearer", "Bearer ", "BEARER  ", "Basic ", "DPoP ", ",", "=", "\"", "\t", " "])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => select(vec!["eyJhbGciOiJub25lIn0", ".", "..", "e30", "eyJhbGciOiJFUzI1NiJ9.e30.AA"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// RFC 9110 section 11.4, read once more: what stands behind the scheme, if that is ours.
fn after_the_scheme(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    let ours = scheme.eq_ignore_ascii_case(b"bearer") && matches!(rest, [] | [b' ', ..]);
    ours.then(|| rest.trim_ascii())
}

/// RFC 6750 section 2.1, read once more, by taking the grammar's pieces off.
fn is_b64token(text: &[u8]) -> bool {
    let ends = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = &text[..text.len() - ends];
    let symbols = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    !body.is_empty() && body.iter().all(|byte| symbols.contains(byte))
}

/// What is put into names to make them others.
const MARKS: [&str; 18] =
    [" ", "/", ".", "..", "%", "%2F", "\0", "\n", "\t", "*", "#", "?", "\u{e9}", "\u{200b}", "a", "A", "0", ","];

/// Texts that are nearly this one: cut, repeated, respelled, surrounded; sometimes the text itself.
fn near(text: &'static str) -> impl Strategy<Value = String> {
    let mark = prop_oneof![1 => Just(""), 3 => select(&MARKS[..])];
    prop_oneof![
        1 => Just(text.to_owned()),
        2 => (mark.clone(), mark.clone()).prop_map(move |(before, after)| format!("{before}{text}{after}")),
        2 => (any::<Index>(), mark.clone()).prop_map(move |(at, mark)| {
            let at = at.index(text.len() + 1);
            format!("{}{mark}{}", &text[..at], &text[at..])
        }),
        2 => (any::<Index>(), mark).prop_map(move |(at, mark)| {
            let at = at.index(text.len());
            format!("{}{mark}{}", &text[..at], &text[at + 1..])
        }),
        1 => any::<Index>().prop_map(move |at| text[..at.index(text.len())].to_owned()),
        1 => any::<Index>().prop_map(move |at| text[at.index(text.len())..].to_owned()),
        1 => any::<Index>().prop_map(move |at| {
            let at = at.index(text.len());
            format!("{}{}{}", &text[..at], text[at..=at].to_ascii_uppercase(), &text[at + 1..])
        }),
        1 => Just(text.to_uppercase()),
        1 => Just(text.repeat(2)),
        1 => ".*",
    ]
}

/// Values of the wrong type that hold the right text, or nothing.
fn mistyped(text: &'static str) -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(0),
        json!(true),
        json!({}),
        json!({text: text}),
        json!([[text]]),
        json!([{"v": text}]),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_header_is_let_through_but_one_well_formed_credential(values in vec(header_bytes(), 0..3)) {
        let world = World::new();
        let headers: HeaderMap =
            values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_bytes(value).unwrap())).collect();
        let rejection = world.send(headers).unwrap_err();
        match (&*values, values.first().and_then(|value| after_the_scheme(value))) {
            ([_], Some(token)) if is_b64token(token) => {
                prop_assert!(matches!(rejection, Rejection::Token(_)), "{rejection:?}");
            }
            ([_], Some(_)) => prop_assert_eq!(rejection, Rejection::Request(RequestFault::Malformed)),
            ([] | [_], _) => prop_assert_eq!(rejection, Rejection::NoCredentials),
            _ => prop_assert_eq!(rejection, Rejection::Request(RequestFault::SeveralCredentials)),
        }
    }

    /// Around a good token nothing but the blanks of the grammar may stand.
    #[test]
    fn a_good_token_passes_exactly_when_only_the_scheme_and_blanks_surround_it(
        before in header_bytes(), after in header_bytes(), scheme in "[Bb][Ee][Aa][Rr][Ee][Rr] {1,3}",
    ) {
        let world = World::new();
        let token = world.good_token();
        let alone = world.send_value(format!("{scheme}{token}").as_bytes());
        prop_assert_eq!(alone.unwrap(), PASSED);
        let value = [&*before, scheme.as_bytes(), token.as_bytes(), &after].concat();
        let blank = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let passes = before.is_empty() && blank(&after);
        prop_assert_eq!(world.send_value(&value).is_ok(), passes);
        let twice = [value.clone(), value].into_iter();
        let headers = twice.map(|value| (AUTHORIZATION, HeaderValue::from_bytes(&value).unwrap())).collect();
        prop_assert_eq!(world.send(headers), Err(Rejection::Request(RequestFault::SeveralCredentials)));
    }

    #[test]
    fn an_issuer_is_trusted_exactly_when_it_is_the_one(issuer in near(ISSUER), odd in mistyped(ISSUER)) {
        let world = World::new();
        let verdict = world.send_token(&world.token_with("iss", &json!(issuer)));
        prop_assert_eq!(verdict.is_ok(), issuer == ISSUER, "{:?}", issuer);
        prop_assert!(world.send_token(&world.token_with("iss", &odd)).is_err(), "{odd}");
        prop_assert!(world.send_token(&world.token_with("iss", &json!([issuer, ISSUER]))).is_err());
    }

    #[test]
    fn an_audience_is_ours_exactly_when_it_is_the_name(
        audience in near(AUDIENCE), more in vec(near(AUDIENCE), 0..4), odd in mistyped(AUDIENCE),
    ) {
        let world = World::new();
        let verdict = world.send_token(&world.token_with("aud", &json!(audience)));
        prop_assert_eq!(verdict.is_ok(), audience == AUDIENCE, "{:?}", audience);
        let verdict = world.send_token(&world.token_with("aud", &json!(more)));
        prop_assert_eq!(verdict.is_ok(), more.iter().any(|one| one == AUDIENCE), "{:?}", more);
        prop_assert!(world.send_token(&world.token_with("aud", &odd)).is_err(), "{odd}");
    }

    #[test]
    fn a_scope_is_granted_exactly_when_it_is_one_of_the_words(scopes in vec(near(SCOPE), 1..4), odd in mistyped(SCOPE)) {
        let world = World::new();
        let claim = scopes.join(" ");
        let granted = claim.split(' ').any(|word| word == SCOPE);
        let verdict = world.send_token(&world.token_with("scope", &json!(claim)));
        prop_assert_eq!(verdict.is_ok(), granted, "{:?}", claim);
        prop_assert!(world.send_token(&world.token_with("scope", &odd)).is_err(), "{odd}");
    }

    #[test]
    fn any_text_is_parsed_without_a_panic_and_none_is_signed(text in any_compact()) {
        let keys = FixedKeys::from_jwk_for(&Signer::es256().jwk("k").to_string(), Algorithms::new([Algorithm::Es256]).unwrap());
        prop_assert!(jws::check(&text, &keys.unwrap(), Algorithms::new(Algorithm::ALL).unwrap()).is_err());
    }
}

/// Texts of parts between dots: noise, and the encoding of headers that are nearly right.
fn any_compact() -> impl Strategy<Value = String> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let name = select(vec!["alg", "kid", "typ", "crit", "b64", "zip", "enc", "jwk", "cty", "\u{0}", ""]);
    let value = prop_oneof![
        3 => select(vec![json!("ES256"), json!("k"), json!("none"), json!("HS256"), json!("RS256"), json!("JWT")]),
        1 => select(vec![json!(null), json!([]), json!({}), json!(-1), json!(1e300), json!("k".repeat(400)), json!([["ES256"]])]),
    ];
    let header = (any::<bool>(), vec((name, value), 0..6)).prop_map(|(right, members)| {
        let right = right.then_some(("alg", json!("ES256")));
        let members: Vec<_> =
            right.into_iter().chain(members).map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        URL_SAFE_NO_PAD.encode(format!("{{{}}}", members.join(",")))
    });
    let deep = (1_usize..4_000).prop_map(|depth| URL_SAFE_NO_PAD.encode("[".repeat(depth)));
    let bytes = vec(any::<u8>(), 0..80).prop_map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let part = prop_oneof![4 => header, 1 => deep, 4 => bytes, 1 => ".*", 1 => "[A-Za-z0-9_=+/-]{0,40}"];
    vec(part, 0..6).prop_map(|parts| parts.join("."))
}

#[test]
fn a_mark_at_any_place_makes_another_name() {
    let world = World::new();
    for (claim, name) in [("iss", ISSUER), ("aud", AUDIENCE), ("scope", SCOPE)] {
        assert_eq!(world.send_token(&world.token_with(claim, &json!(name))), Ok(PASSED), "{claim}");
        for at in 0..=name.len() {
            for mark in MARKS {
                let other = format!("{}{mark}{}", &name[..at], &name[at..]);
                // Around a scope a space is where the word ends.
                let same = claim == "scope" && other.trim_matches(' ') == name;
                let verdict = world.send_token(&world.token_with(claim, &json!(other)));
                assert_eq!(verdict.is_ok(), same, "{claim} {other:?}");
            }
        }
    }
}

/// A signed text that is changed anywhere is another text.
///
/// Of the four bits that the last character of a part may carry in vain, none may be set: the same bytes have one spelling.
#[test]
fn a_token_that_is_changed_at_any_one_place_is_refused() {
    let world = World::new();
    let token = world.good_token();
    assert_eq!(world.send_token(&token), Ok(PASSED));
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            // What HTTP does not carry never reaches the layer.
            let Ok(value) = HeaderValue::from_bytes(&[b"Bearer ", &*bytes].concat()) else { continue };
            let verdict = world.send(HeaderMap::from_iter([(AUTHORIZATION, value)]));
            assert!(verdict.is_err(), "bit {bit} of byte {at} of {token}");
        }
    }
    assert_eq!(world.send_token(&token), Ok(PASSED), "the good one is not forgotten over the bad ones");
}

#[test]
fn a_token_whose_characters_change_places_is_refused() {
    let world = World::new();
    let token = world.good_token();
    for at in 1..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes.swap(at - 1, at);
        let changed = String::from_utf8(bytes).unwrap();
        assert_eq!(world.send_token(&changed).is_ok(), changed == token, "characters {} and {at} of {token}", at - 1);
    }
    for at in 0..token.len() {
        for (name, changed) in [
            ("without", format!("{}{}", &token[..at], &token[at + 1..])),
            ("with a second", format!("{}{}", &token[..=at], &token[at..])),
            ("up to", token[..at].to_owned()),
        ] {
            assert!(world.send_token(&changed).is_err(), "{name} character {at} of {token}");
        }
    }
}

#[test]
fn a_signature_of_one_token_is_none_of_another() {
    let world = World::new();
    let (one, two) = (world.good_token(), world.token_with("sub", &json!("bob")));
    let signature = |token: &str| token.rsplit_once('.').unwrap().1.to_owned();
    let exchanged = format!("{}.{}", one.rsplit_once('.').unwrap().0, signature(&two));
    assert_eq!(world.send_token(&exchanged), Err(Rejection::Token(TokenFault::Signature)));
}
