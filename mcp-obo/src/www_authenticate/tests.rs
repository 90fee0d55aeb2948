use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;

/// Its base64 has a padding, and characters in which the alphabets differ.
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"??>>~~?"}}}"#;

fn headers(values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (WWW_AUTHENTICATE, HeaderValue::from_bytes(value.as_bytes()).unwrap())).collect()
}

fn read(values: &[&str]) -> Vec<(String, Vec<(String, String)>)> {
    let plain = |(name, value): &(Box<str>, String)| (name.to_string(), value.clone());
    let challenges = challenges(&headers(values));
    challenges.iter().map(|one| (one.scheme.to_string(), one.parameters.iter().map(plain).collect())).collect()
}

#[test]
fn challenges_are_read_as_apis_write_them() {
    type Expected = &'static [(&'static str, &'static [(&'static str, &'static str)])];
    let table: [(&str, &[&str], Expected); 22] = [
        ("none", &[], &[]),
        ("empty", &["", " , ,"], &[]),
        ("a scheme alone", &["Negotiate"], &[("Negotiate", &[])]),
        ("quoted and bare", &["Bearer a=\"x y\", b=z"], &[("Bearer", &[("a", "x y"), ("b", "z")])]),
        ("an empty value", &["Bearer realm=\"\", b="], &[("Bearer", &[("realm", ""), ("b", "")])]),
        ("a bare address", &["Bearer u=https://a/b?c=d, e=f"], &[("Bearer", &[("u", "https://a/b?c=d"), ("e", "f")])]),
        ("escapes", &[r#"Bearer a="x\"y\\z\q""#], &[("Bearer", &[("a", r#"x"y\zq"#)])]),
        ("a comma in quotes", &["Bearer a=\"x, Basic b=y\""], &[("Bearer", &[("a", "x, Basic b=y")])]),
        ("blanks around", &["Bearer  a = \"x\" ,\tb\t=\ty"], &[("Bearer", &[("a", "x"), ("b", "y")])]),
        ("no commas", &["Bearer a=\"x\" b=y c=\"z\""], &[("Bearer", &[("a", "x"), ("b", "y"), ("c", "z")])]),
        (
            "two in a header",
            &["Basic realm=\"r\", Bearer a=x"],
            &[("Basic", &[("realm", "r")]), ("Bearer", &[("a", "x")])],
        ),
        ("two headers", &["Negotiate", "Bearer a=x"], &[("Negotiate", &[]), ("Bearer", &[("a", "x")])]),
        ("token68", &["Negotiate YII=, Bearer a=x"], &[("Negotiate", &[]), ("Bearer", &[("a", "x")])]),
        ("token68 at the end", &["NTLM TlRMTVNTUAAB=="], &[("NTLM", &[])]),
        ("words without quotes", &["Bearer text=some words here, a=x"], &[("Bearer", &[("text", "some"), ("a", "x")])]),
        ("a cut text", &["Bearer a=x, b=\"cut, c=y"], &[("Bearer", &[("a", "x")])]),
        ("a cut escape", &["Bearer a=x, b=\"cut\\"], &[("Bearer", &[("a", "x")])]),
        ("other letters", &["Bearer a=\"\u{e4}\u{df}\", b=x"], &[("Bearer", &[("a", "\u{e4}\u{df}"), ("b", "x")])]),
        ("no scheme", &["a=x, Bearer b=y"], &[("Bearer", &[("b", "y")])]),
        ("a parameter of no header", &["Basic", "a=x"], &[("Basic", &[])]),
        ("signs", &["@@, Bearer a=x, ;;;, b=y"], &[("Bearer", &[("a", "x"), ("b", "y")])]),
        ("glued", &["Bearer\"x\", Basic a=y"], &[("Basic", &[("a", "y")])]),
    ];
    for (name, values, expected) in table {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let expected: Vec<_> =
            expected.iter().map(|(scheme, all)| ((*scheme).to_owned(), all.iter().map(own).collect())).collect();
        assert_eq!(read(values), expected, "{name}");
    }
}

#[test]
fn claims_are_found_in_every_form_that_they_travel_in() {
    let (padded, url_safe) = (STANDARD.encode(CLAIMS), URL_SAFE_NO_PAD.encode(CLAIMS));
    let bare = padded.trim_end_matches('=');
    assert!(padded != bare && padded.contains('/') && url_safe.contains('_'), "{padded}");
    for (name, value, found) in [
        ("padded", format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{padded}\""), true),
        ("without padding", format!("Bearer error=\"insufficient_claims\", claims=\"{bare}\""), true),
        ("url-safe", format!("Bearer error=\"insufficient_claims\", claims=\"{url_safe}\""), true),
        ("claims first", format!("Bearer claims=\"{padded}\", error=\"insufficient_claims\""), true),
        ("nothing quoted", format!("bearer Error=insufficient_claims, CLAIMS={padded}"), true),
        (
            "graph's own",
            format!(
                "Bearer realm=\"\", authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize, \
                 client_id=\"00000003-0000-0000-c000-000000000000\", error=\"insufficient_claims\", claims=\"{padded}\", \
                 errorDescription=\"Continuous access evaluation resulted in claims challenge with result: \
                 InteractionRequired and code: LocationConditionEvaluationSatisfied\""
            ),
            true,
        ),
        ("behind another", format!("Basic realm=\"a\", Bearer error=insufficient_claims, claims={url_safe}"), true),
        ("another error", format!("Bearer error=\"invalid_token\", claims=\"{padded}\""), false),
        ("no error", format!("Bearer claims=\"{padded}\""), false),
        ("another scheme", format!("PoP error=\"insufficient_claims\", claims=\"{padded}\""), false),
        (
            "the error of another challenge",
            format!("Bearer claims=\"{padded}\", DPoP error=insufficient_claims"),
            false,
        ),
        ("the name inside a text", format!("Bearer x=\"error=insufficient_claims, claims={padded}\""), false),
        ("not base64", "Bearer error=\"insufficient_claims\", claims=\"***\"".to_owned(), false),
        ("not JSON", format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode("x")), false),
        ("a list", format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode("[1]")), false),
        ("nothing", "Bearer error=\"insufficient_claims\", claims=\"\"".to_owned(), false),
    ] {
        let claims = claims(&headers(&["Negotiate", &value]));
        assert_eq!(claims.as_ref().map(ClaimsRequest::as_str), found.then_some(CLAIMS), "{name}");
    }
}

#[test]
fn nothing_is_read_without_end() {
    let schemes = "A,".repeat(1_000);
    assert_eq!(read(&[&schemes]).len(), MAX_CHALLENGES);
    let parameters = format!("Bearer {}", "a=b,".repeat(1_000));
    assert_eq!(read(&[&parameters])[0].1.len(), MAX_PARAMETERS);
    let padding = format!("Bearer a={}", "x".repeat(MAX_BYTES));
    assert!(read(&[&padding, "Bearer b=c"]).is_empty(), "what comes after too much is not read either");
    let claims_of = |size: usize| STANDARD.encode(format!(r#"{{"a":"{}"}}"#, "x".repeat(size)));
    for (size, found) in [(100, true), (20_000, false)] {
        let value = format!("Bearer error=insufficient_claims, claims={}", claims_of(size));
        assert_eq!(claims(&headers(&[&value])).is_some(), found, "{size}");
    }
}

#[test]
fn no_value_is_printed() {
    let value = format!("Bearer error=insufficient_claims, claims={}, secret=\"s3cret\"", STANDARD.encode(CLAIMS));
    let headers = headers(&[&value]);
    let shown = format!("{:?} {:?}", challenges(&headers), claims(&headers));
    assert!(!shown.contains("s3cret") && !shown.contains("nbf") && !shown.contains("eyJ"), "{shown}");
    assert!(shown.contains("Bearer") && shown.contains("claims"), "{shown}");
}

prop_compose! {
    fn parameter()(name in "[a-z!#$%&'*+.^_`|~-]{1,12}", value in "[\\PC&&[^\u{7f}]]{0,40}") -> (String, String) {
        (name, value)
    }
}

prop_compose! {
    fn challenge()(scheme in "[A-Za-z]{1,12}", parameters in prop::collection::vec(parameter(), 0..6))
        -> (String, Vec<(String, String)>) {
        (scheme, parameters)
    }
}

/// Writes a challenge as RFC 9110 section 11.6.1 says, every value quoted.
fn written((scheme, parameters): &(String, Vec<(String, String)>)) -> String {
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    let parameters = parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value)));
    format!("{scheme} {}", parameters.collect::<Vec<_>>().join(", "))
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5)) {
        let values = values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok());
        let headers = values.map(|value| (WWW_AUTHENTICATE, value)).collect::<HeaderMap>();
        prop_assert!(challenges(&headers).len() <= MAX_CHALLENGES);
        prop_assert!(claims(&headers).is_none());
    }

    #[test]
    fn near_misses_do_not_either(value in "[Bearer =\",\\\\ \tclaims;@]{0,120}") {
        prop_assert!(challenges(&headers(&[&value])).len() <= MAX_CHALLENGES);
    }

    #[test]
    fn what_a_strict_writer_writes_is_read_back(all in prop::collection::vec(prop::collection::vec(challenge(), 1..4), 0..4)) {
        let values: Vec<_> = all.iter().map(|one| one.iter().map(written).collect::<Vec<_>>().join(", ")).collect();
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        prop_assert_eq!(read(&values), all.concat());
    }
}
