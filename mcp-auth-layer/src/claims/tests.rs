//! What parses as claims, and what is read in them.

use super::*;

#[test]
fn odd_types_and_repeated_members_do_not_parse() {
    for (name, payload) in [
        ("no exp", r#"{"iss":"i","aud":"a"}"#),
        ("no aud", r#"{"iss":"i","exp":1}"#),
        ("no iss", r#"{"aud":"a","exp":1}"#),
        ("iss list", r#"{"iss":["i"],"aud":"a","exp":1}"#),
        ("aud number", r#"{"iss":"i","aud":1,"exp":1}"#),
        ("aud null", r#"{"iss":"i","aud":null,"exp":1}"#),
        ("aud nested", r#"{"iss":"i","aud":[["a"]],"exp":1}"#),
        ("exp text", r#"{"iss":"i","aud":"a","exp":"1"}"#),
        ("exp fraction", r#"{"iss":"i","aud":"a","exp":1.5}"#),
        ("exp negative", r#"{"iss":"i","aud":"a","exp":-1}"#),
        ("exp too large", r#"{"iss":"i","aud":"a","exp":18446744073709551616}"#),
        ("nbf text", r#"{"iss":"i","aud":"a","exp":1,"nbf":"1"}"#),
        ("nbf null", r#"{"iss":"i","aud":"a","exp":1,"nbf":null}"#),
        ("idtyp null", r#"{"iss":"i","aud":"a","exp":1,"idtyp":null}"#),
        ("scp null", r#"{"iss":"i","aud":"a","exp":1,"scp":null}"#),
        ("scp number", r#"{"iss":"i","aud":"a","exp":1,"scp":7}"#),
        ("roles nested", r#"{"iss":"i","aud":"a","exp":1,"roles":[["a"]]}"#),
        ("exp twice", r#"{"iss":"i","aud":"a","exp":1,"exp":2}"#),
        ("tid twice", r#"{"iss":"i","aud":"a","exp":1,"tid":"a","tid":"b"}"#),
        ("scp twice", r#"{"iss":"i","aud":"a","exp":1,"scp":"a","scp":"b"}"#),
        ("groups twice", r#"{"iss":"i","aud":"a","exp":1,"groups":["a"],"groups":["b"]}"#),
        ("a number that is none", r#"{"iss":"i","aud":"a","exp":1,"x":1e999}"#),
        ("a text that is none", r#"{"iss":"i","aud":"a","exp":1,"x":"\ud800"}"#),
        ("trailing data", r#"{"iss":"i","aud":"a","exp":1}{}"#),
        ("not an object", r#"["i"]"#),
    ] {
        assert!(Claims::parse(payload.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn depth_costs_no_stack() {
    let deep = "[".repeat(8_000) + &"]".repeat(8_000);
    for name in ["x", "groups", "ver", "cnf", "events", "roles"] {
        let payload = format!(r#"{{"iss":"i","aud":"a","exp":1,"{name}":{deep}}}"#);
        assert!(Claims::parse(payload.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn bytes_that_are_no_text_do_not_parse() {
    assert!(Claims::parse(&b"{\"iss\":\"i\",\"aud\":\"a\",\"exp\":1,\"x\":\"\xff\"}"[..]).is_err());
}

fn claims(members: &str) -> Claims {
    let payload = format!(r#"{{"iss":"i","aud":"a","exp":1,{members}}}"#);
    Claims::parse(payload.as_bytes()).unwrap()
}

#[test]
fn a_claim_that_may_be_of_any_type_means_something_in_its_own() {
    for (written, expected) in [
        (r#""t""#, (&["t"][..], Some("t"))),
        (r#"["a",7,"b",["c"],null]"#, (&["a", "b"], None)),
        ("7", (&[], None)),
        ("-7.5e3", (&[], None)),
        ("null", (&[], None)),
        (r#"{"t":["t"]}"#, (&[], None)),
        ("[]", (&[], None)),
    ] {
        let claims = claims(&format!(r#""groups":{written},"acrs":{written},"acr":{written},"auth_time":{written}"#));
        assert_eq!(claims.groups().collect::<Vec<_>>(), expected.0, "{written}");
        assert_eq!(claims.authentication_contexts().collect::<Vec<_>>(), expected.0, "{written}");
        assert_eq!(claims.authentication_class(), expected.1, "{written}");
        assert_eq!(claims.signed_in_at().map(UnixTime::as_secs), (written == "7").then_some(7), "{written}");
    }
}

#[test]
fn scopes_and_clients_have_several_names() {
    for (members, scopes, form, client) in [
        (r#""scp":"r w""#, "r w", ScopeForm::Text, None),
        (r#""scp":["w x","r"],"cid":"okta""#, "r w x", ScopeForm::List, Some("okta")),
        (r#""scope":"r w","client_id":"c","cid":"okta""#, "r w", ScopeForm::None, Some("c")),
        (r#""scope":["r"],"client_id":7,"cid":"okta""#, "", ScopeForm::None, Some("okta")),
        (r#""scp":"r","scope":"w","appid":"one","azp":"two","client_id":"c""#, "r", ScopeForm::Text, Some("two")),
        (r#""appid":"one""#, "", ScopeForm::None, Some("one")),
    ] {
        let claims = claims(members);
        assert_eq!((claims.scopes().to_string(), claims.scope_form()), (scopes.to_owned(), form), "{members}");
        assert_eq!(claims.client_id(), client, "{members}");
    }
    assert!(claims(r#""scp":["w x"]"#).scopes().contains("w x"), "a name in a list is whole");
    assert_eq!(claims(r#""roles":["a","b"]"#).roles().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(claims(r#""roles":"a""#).roles().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn what_stands_escaped_is_read_like_anything_else() {
    let claims =
        claims(r#""s\u0075b":"\u00fcber","oid":"o","roles":["plain","\"quoted\"","\ud83d\ude00"],"uti":"u\\""#);
    assert_eq!((claims.subject(), claims.object_id(), claims.token_id()), (Some("über"), Some("o"), Some("u\\")));
    assert_eq!(claims.roles().collect::<Vec<_>>(), ["plain", "\"quoted\"", "😀"]);
    assert_eq!(claims.get("sub").and_then(Value::as_str), Some("über"));
    assert_eq!(claims.get("uti").and_then(Value::as_str), claims.clone().token_id());
}

#[test]
fn any_claim_is_there_by_its_name() {
    let claims = claims(r#""text":"t","list":["a",7],"number":7,"nothing":null"#);
    assert_eq!(claims.get("list"), Some(&serde_json::json!(["a", 7])));
    assert_eq!(
        (claims.get("iss").and_then(Value::as_str), claims.get("exp").and_then(Value::as_u64)),
        (Some("i"), Some(1))
    );
    assert_eq!((claims.get("nothing"), claims.get("none")), (Some(&Value::Null), None));
}

#[test]
fn what_entra_writes_for_itself_is_not_kept_and_moves_nothing_else() {
    let members = [
        (r#""sub":"s""#, "sub", "s"),
        (r#""oid":"o""#, "oid", "o"),
        (r#""uti":"u\u00fcu""#, "uti", "uüu"),
        (r#""azp":"c""#, "azp", "c"),
        (r#""name":"n""#, "name", "n"),
    ];
    let internal = r#""aio":"a long text","rh":"another""#;
    let reversed = r#""rh":"another","aio":"a long text""#;
    for place in 0..=members.len() {
        let mut texts: Vec<_> = members.iter().map(|(text, ..)| *text).collect();
        texts.insert(place, if place % 2 == 0 { internal } else { reversed });
        texts.push(r#""roles":["one","\u0074wo"],"ver":"2.0""#);
        let mut claims = claims(&texts.join(","));
        claims.leave_out_internal();
        for (_, name, expected) in members {
            assert_eq!(claims.get(name).and_then(Value::as_str), Some(expected), "{place}");
        }
        let known = (claims.subject(), claims.object_id(), claims.token_id(), claims.client_id());
        assert_eq!(known, (Some("s"), Some("o"), Some("uüu"), Some("c")), "{place}");
        assert_eq!(claims.roles().collect::<Vec<_>>(), ["one", "two"], "{place}");
        assert_eq!((claims.issuer(), claims.audiences().collect::<Vec<_>>()), ("i", vec!["a"]), "{place}");
        assert!(claims.is_of_version("2.0") && !claims.is_of_version("1.0"), "{place}");
        assert_eq!((claims.get("aio"), claims.get("rh")), (None, None), "{place}");
        assert!(!claims.store.payload().contains("long") && !claims.store.payload().contains("another"));
    }
    for odd in [r#""aio":"\u0061","rh":7"#, r#""aio":"","rh":"""#, r#""rh":["a"]"#, ""] {
        let mut claims = claims(&format!(r#"{odd}{}"sub":"s""#, if odd.is_empty() { "" } else { "," }));
        claims.leave_out_internal();
        assert_eq!((claims.subject(), claims.get("aio"), claims.get("rh")), (Some("s"), None, None), "{odd}");
    }
}

#[test]
fn names_that_serde_json_keeps_to_itself_hide_no_claim() {
    for name in [
        "$serde_json::private::RawValue",
        r"\u0024serde_json::private::RawValue",
        r"$serde_json\u003a:private::RawValue",
    ] {
        let payload = |text: &str| format!(r#"{{"iss":"i","aud":"a","exp":1,"x":[{{"{name}":"{text}"}}],"y":7}}"#);
        assert!(Claims::parse(payload("no JSON")).is_err(), "{name}");
        let claims = Claims::parse(payload("7")).unwrap();
        assert_eq!(claims.get("y").and_then(Value::as_u64), Some(7), "{name}");
    }
}
