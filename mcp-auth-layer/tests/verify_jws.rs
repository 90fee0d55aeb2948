//! The signature check on its own, through the program that anybody can put a public set of vectors through.
//!
//! The standards' own examples must pass. Every class of forgery of the public sets is made here anew, from keys that are
//! drawn for the run.

#![allow(clippy::unwrap_used, reason = "a key that cannot be made fails the test")]

#[path = "../examples/verify-jws.rs"]
#[allow(dead_code, reason = "`main` is the only part that the tests do not call")]
mod program;
#[path = "verify_jws/signer.rs"]
mod signer;

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_auth_layer::{
    algorithm::{Algorithm, Algorithms},
    jws,
    keys::FixedKeys,
    reject::TokenFault,
};
use serde_json::{Value, json};

use self::signer::Signer;

/// Runs the program on a key document and a text; the exit status and the first word of its line.
fn verify(key: &Value, compact: &str, more: &[&str]) -> (u8, String) {
    run(&key.to_string(), compact.as_bytes(), more)
}

fn run(key: &str, input: &[u8], more: &[&str]) -> (u8, String) {
    let path = file(key);
    let arguments = [path.to_str().unwrap()].iter().chain(more).map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let outcome = program::run(arguments, input);
    fs::remove_file(path).unwrap();
    let line = outcome.line();
    (outcome.status(), line.split(':').next().unwrap().to_owned())
}

/// Writes a file that no other test has.
fn file(text: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("key-{}-{}.json", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

fn refused(reason: &str) -> (u8, String) {
    (1, reason.to_owned())
}

fn good() -> (u8, String) {
    (0, "ok".to_owned())
}

fn changed(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

#[test]
fn the_examples_of_the_standards_pass_and_only_by_their_own_algorithm() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("vectors/rfc.json")).unwrap();
    assert_eq!(vectors.len(), 7);
    for vector in &vectors {
        let (source, alg, jws) = (&vector["source"], vector["alg"].as_str().unwrap(), vector["jws"].as_str().unwrap());
        assert_eq!(verify(&vector["jwk"], jws, &[]), good(), "{source}");
        assert_eq!(verify(&vector["jwk"], jws, &["--alg", alg]), good(), "{source}");
        // An algorithm that the key could do, so that what refuses is the list.
        let another = if alg.starts_with("RS") { "PS256" } else { "RS512" };
        assert_eq!(verify(&vector["jwk"], jws, &["--alg", another]).0, 1, "{source}");
        for other in vectors.iter().filter(|other| other["jwk"] != vector["jwk"]) {
            assert_eq!(verify(&other["jwk"], jws, &[]).0, 1, "{source} by the key of {}", other["source"]);
        }
    }
}

#[test]
fn every_algorithm_is_verified_by_its_own_key_alone() {
    let all = Signer::all();
    for signer in &all {
        let text = signer.sign(&json!({"alg": signer.alg(), "kid": "k"}), "anything");
        assert_eq!(verify(&signer.jwk("k"), &text, &[]), good(), "{}", signer.alg());
        for other in &all {
            let same = other.alg() == signer.alg();
            let said = changed(&other.jwk("k"), "alg", json!(other.alg()));
            assert_eq!(verify(&said, &text, &[]).0 == 0, same, "{} by a key for {}", signer.alg(), other.alg());
            // The header names what the key is for, and the signature is of another kind.
            let lying = signer.sign(&json!({"alg": other.alg(), "kid": "k"}), "anything");
            assert_eq!(verify(&other.jwk("k"), &lying, &[]).0 == 0, same, "{} for {}", signer.alg(), other.alg());
        }
    }
}

#[test]
fn the_list_decides_also_over_a_key_that_could_do_more() {
    let every = Algorithms::new(Algorithm::ALL).unwrap();
    for signer in Signer::all() {
        let keys = FixedKeys::from_jwk_for(&signer.jwk("k").to_string(), every).unwrap();
        let text = signer.sign(&json!({"alg": signer.alg(), "kid": "k"}), "anything");
        for listed in Algorithm::ALL {
            let expected = if listed.name() == signer.alg() { Ok(()) } else { Err(TokenFault::Algorithm) };
            let alone = Algorithms::new([listed]).unwrap();
            assert_eq!(jws::check(&text, &keys, alone), expected, "{} where {listed} is allowed", signer.alg());
        }
    }
}

#[test]
fn a_text_that_was_changed_or_rewritten_is_refused() {
    for signer in Signer::all() {
        let header = json!({"alg": signer.alg(), "kid": "k"});
        let text = signer.sign(&header, "???>>>");
        let parts: Vec<_> = text.split('.').collect();
        let [header_part, payload, signature] = parts[..] else { panic!("three parts") };
        let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let with = |signature: &[u8]| format!("{header_part}.{payload}.{}", URL_SAFE_NO_PAD.encode(signature));
        let other_payload = URL_SAFE_NO_PAD.encode("another");
        let respelled = URL_SAFE_NO_PAD.encode(header.to_string().replace(':', ": "));
        for (name, forged, reason) in [
            ("no signature", format!("{header_part}.{payload}."), "malformed_token"),
            ("no signature, no dot", format!("{header_part}.{payload}"), "malformed_token"),
            ("no payload", format!("{header_part}..{signature}"), "signature"),
            ("no payload, no dot", format!("{header_part}.{signature}"), "malformed_token"),
            ("no header", format!(".{payload}.{signature}"), "malformed_token"),
            ("only dots", "..".to_owned(), "malformed_token"),
            ("nothing", String::new(), "malformed_token"),
            ("a fourth part", format!("{text}.{payload}"), "malformed_token"),
            ("an empty fourth part", format!("{text}."), "malformed_token"),
            ("padded", format!("{text}=="), "malformed_token"),
            ("the other alphabet", text.replace(payload, &payload.replace('_', "/")), "malformed_token"),
            ("a blank in front", format!(" {text}"), "malformed_token"),
            ("a blank behind", format!("{text} "), "malformed_token"),
            ("an empty line behind", format!("{text}\n\n"), "malformed_token"),
            ("a line break inside", text.replace('.', ".\n"), "malformed_token"),
            ("a NUL behind", format!("{text}\0"), "malformed_token"),
            ("another payload", format!("{header_part}.{other_payload}.{signature}"), "signature"),
            ("the header in other words", format!("{respelled}.{payload}.{signature}"), "signature"),
            ("a signature that is too short", with(&raw[..raw.len() - 1]), "signature"),
            ("a signature that is too long", with(&[&*raw, &[0]].concat()), "signature"),
            ("zeros in front of the signature", with(&[&[0], &*raw].concat()), "signature"),
            ("a signature of zeros", with(&vec![0; raw.len()]), "signature"),
            ("a signature of ones", with(&vec![0xff; raw.len()]), "signature"),
        ] {
            assert_eq!(verify(&signer.jwk("k"), &forged, &[]), refused(reason), "{}: {name}", signer.alg());
        }
        let empty = signer.sign(&header, "");
        assert_eq!(verify(&signer.jwk("k"), &empty, &[]).0, 0, "{}: an empty payload that was signed", signer.alg());
    }
}

#[test]
fn a_header_can_neither_choose_the_key_nor_switch_the_check_off() {
    let (signer, attacker) = (Signer::es256(), Signer::es256());
    let by_attacker = |header: Value| attacker.sign(&header, "anything");
    let x = signer.jwk("k")["x"].as_str().unwrap().to_owned();
    for (name, text, reason) in [
        ("none", by_attacker(json!({"alg": "none", "kid": "k"})), "algorithm"),
        ("None", by_attacker(json!({"alg": "None", "kid": "k"})), "algorithm"),
        ("HMAC with public bytes", signer::hmac(x.as_bytes(), &json!({"alg": "HS256", "kid": "k"})), "algorithm"),
        ("HMAC under our algorithm", signer::hmac(x.as_bytes(), &json!({"alg": "ES256", "kid": "k"})), "signature"),
        ("its own key", by_attacker(json!({"alg": "ES256", "kid": "k", "jwk": attacker.jwk("k")})), "signature"),
        ("a key elsewhere", by_attacker(json!({"alg": "ES256", "kid": "k", "jku": "https://x.example/"})), "signature"),
        ("another name", signer.sign(&json!({"alg": "ES256", "kid": "K"}), "anything"), "unknown_key"),
        ("an empty name", signer.sign(&json!({"alg": "ES256", "kid": ""}), "anything"), "unknown_key"),
        ("critical", signer.sign(&json!({"alg": "ES256", "kid": "k", "crit": ["exp"]}), "anything"), "header"),
        ("not encoded", signer.sign(&json!({"alg": "ES256", "kid": "k", "b64": false}), "anything"), "header"),
        ("compressed", signer.sign(&json!({"alg": "ES256", "kid": "k", "zip": "DEF"}), "anything"), "header"),
        ("as JSON", json!({"payload": "e30", "signatures": []}).to_string(), "malformed_token"),
        ("no header at all", signer.sign(&json!("ES256"), "anything"), "malformed_token"),
    ] {
        assert_eq!(verify(&signer.jwk("k"), &text, &[]), refused(reason), "{name}");
        assert_eq!(verify(&json!({"keys": [signer.jwk("k")]}), &text, &[]), refused(reason), "{name}, in a set");
    }
}

#[test]
fn an_ecdsa_signature_has_its_fixed_size_and_numbers_in_range() {
    // The order of P-256's group (SP 800-186 section 3.2.1.3).
    let order = [
        &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0][..],
        &[0xff; 8],
        &[0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51],
    ]
    .concat();
    let signer = Signer::es256();
    let text = signer.sign(&json!({"alg": "ES256", "kid": "k"}), "anything");
    let (message, signature) = text.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = raw.split_at(32);
    let one = [&[0; 31][..], &[1]].concat();
    let zero = [0; 32];
    for (name, forged) in [
        ("r is 0", [&zero, s].concat()),
        ("s is 0", [r, &zero].concat()),
        ("both are 0", [zero, zero].concat()),
        ("both are 1", [&*one, &one].concat()),
        ("r is the order", [&order, s].concat()),
        ("s is the order", [r, &order].concat()),
        ("both are the order", [&*order, &order].concat()),
        ("exchanged", [s, r].concat()),
        ("each with a zero in front", [&[0], r, &[0], s].concat()),
        ("as DER", [&[0x30, 68, 2, 32], r, &[2, 32], s].concat()),
        ("for a larger curve", [&[0; 16], r, &[0; 16], s].concat()),
    ] {
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(forged));
        assert_eq!(verify(&signer.jwk("k"), &forged, &[]), refused("signature"), "{name}");
    }
}

/// A modulus of 2,049 bits with the mark of CVE-2017-15361: modulo every small prime it is a power of 65,537.
fn of_the_weak_generator() -> Vec<u8> {
    (0..128).fold(vec![1], |power: Vec<u8>, _| {
        // Times 65,537: shifted by two bytes, and added to itself.
        let shifted = power.iter().chain(&[0, 0]).rev();
        let itself = power.iter().rev().chain(&[0, 0]);
        let mut carry = 0;
        let mut little: Vec<u8> = shifted
            .zip(itself)
            .map(|(one, other)| {
                let [digit, over] = (u16::from(*one) + u16::from(*other) + carry).to_le_bytes();
                carry = u16::from(over);
                digit
            })
            .collect();
        little.extend((carry > 0).then_some(1));
        little.into_iter().rev().collect()
    })
}

#[test]
fn a_key_that_is_not_for_this_verifies_nothing() {
    let (point, modulus) = (Signer::es256(), Signer::rsa("RS256"));
    for (name, signer, member, value) in [
        ("for encryption", &point, "use", json!("enc")),
        ("for encryption only", &point, "key_ops", json!(["encrypt"])),
        ("for signing only", &point, "key_ops", json!(["sign"])),
        ("for another algorithm", &point, "alg", json!("ES512")),
        ("for an unknown algorithm", &point, "alg", json!("ES224")),
        ("on another curve", &point, "crv", json!("P-384")),
        ("of another type", &point, "kty", json!("RSA")),
        ("symmetric", &point, "kty", json!("oct")),
        ("not on its curve", &point, "y", point.jwk("k")["x"].clone()),
        ("half of a point", &point, "y", json!("")),
        ("RSA for encryption", &modulus, "use", json!("enc")),
        ("RSA for key transport", &modulus, "alg", json!("RSA-OAEP")),
        ("RSA with the exponent 1", &modulus, "e", json!("AQ")),
        ("RSA with an even exponent", &modulus, "e", json!("AQAA")),
        ("RSA of 1,024 bits", &modulus, "n", json!(URL_SAFE_NO_PAD.encode([0xff; 128]))),
        ("RSA of the weak generator", &modulus, "n", json!(URL_SAFE_NO_PAD.encode(of_the_weak_generator()))),
        ("RSA of another type", &modulus, "kty", json!("OKP")),
        ("RSA with a private exponent", &modulus, "d", json!("AQAB")),
        ("RSA with a prime", &modulus, "p", json!("AQAB")),
        ("RSA with the other prime", &modulus, "q", json!("AQAB")),
        ("RSA with a CRT exponent", &modulus, "dp", json!("AQAB")),
    ] {
        let text = signer.sign(&json!({"alg": signer.alg(), "kid": "k"}), "anything");
        let key = changed(&signer.jwk("k"), member, value);
        assert_eq!(verify(&signer.jwk("k"), &text, &[]), good(), "{name}, before");
        assert_eq!(verify(&key, &text, &[]), refused("key"), "{name}");
        let beside = json!({"keys": [key, Signer::es256().jwk("other")]});
        assert_eq!(verify(&beside, &text, &[]), refused("unknown_key"), "{name}, in a set");
    }
}

#[test]
fn a_point_is_written_in_full_on_the_curve_that_it_names() {
    let decode = |key: &Value, member: &str| URL_SAFE_NO_PAD.decode(key[member].as_str().unwrap()).unwrap();
    let encode = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    for signer in Signer::all().into_iter().filter(|signer| signer.alg().starts_with('E')) {
        let key = signer.jwk("k");
        let text = signer.sign(&json!({"alg": signer.alg(), "kid": "k"}), "anything");
        let x = decode(&key, "x");
        let mut odd = vec![
            ("x without its last byte", changed(&key, "x", encode(&x[..x.len() - 1]))),
            ("x with a zero in front", changed(&key, "x", encode(&[&[0], &*x].concat()))),
            ("x with a zero behind", changed(&key, "x", encode(&[&*x, &[0]].concat()))),
            ("x padded", changed(&key, "x", json!(format!("{}=", key["x"].as_str().unwrap())))),
            ("x as a number", changed(&key, "x", json!(1))),
            ("no x", changed(&key, "x", Value::Null)),
            ("with its private half", changed(&key, "d", encode(&x))),
            ("with an empty private half", changed(&key, "d", json!(""))),
        ];
        for curve in ["P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448", "X25519", "X448", "p-256", ""] {
            if key["crv"] != curve {
                odd.push((curve, changed(&key, "crv", json!(curve))));
            }
        }
        if key["kty"] == "EC" {
            let y = decode(&key, "y");
            let infinity = changed(&key, "x", encode(&vec![0; x.len()]));
            odd.extend([
                ("coordinates exchanged", changed(&changed(&key, "x", encode(&y)), "y", encode(&x))),
                (
                    "half of y in x",
                    changed(&changed(&key, "x", encode(&[&*x, &y[..1]].concat())), "y", encode(&y[1..])),
                ),
                ("both coordinates zero", changed(&infinity, "y", encode(&vec![0; x.len()]))),
                ("no y", changed(&key, "y", Value::Null)),
            ]);
        }
        assert_eq!(verify(&key, &text, &[]), good(), "{}", signer.alg());
        for (name, odd) in odd {
            assert_eq!(verify(&odd, &text, &[]), refused("key"), "{}: {name}", signer.alg());
        }
    }
}

#[test]
fn a_key_for_which_everybody_can_sign_is_no_key() {
    // The points of edwards25519 whose order divides 8, in every spelling of their y, without the sign of x. Under such a key
    // a signature of R = the neutral point and S = 0 is good for one message in eight at least, without any secret.
    let near_p = |last: u8| [&[last][..], &[0xff; 30], &[0x7f]].concat();
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let its_inverse = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let hex = |text: &str| (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect();
    let points: [Vec<u8>; 7] = [
        vec![0; 32],
        [&[1][..], &[0; 31]].concat(),
        hex(order_8),
        hex(its_inverse),
        near_p(0xec),
        near_p(0xed),
        near_p(0xee),
    ];
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "EdDSA", "kid": "k"}).to_string());
    let signature = URL_SAFE_NO_PAD.encode([&[1][..], &[0; 63]].concat());
    for mut point in points {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            let key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": URL_SAFE_NO_PAD.encode(&point)});
            for number in 0..64_u8 {
                let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode([number]));
                assert_eq!(verify(&key, &forged, &[]), refused("key"), "{point:02x?}, message {number}");
            }
        }
    }
}

#[test]
fn a_set_finds_a_key_by_its_name_and_refuses_what_it_cannot_tell_apart() {
    let (one, two) = (Signer::es256(), Signer::es256());
    let text = one.sign(&json!({"alg": "ES256", "kid": "1"}), "anything");
    let nameless = one.sign(&json!({"alg": "ES256"}), "anything");
    let oct = json!({"kty": "oct", "kid": "1", "k": "AAAA", "alg": "HS256"});
    for (name, keys, text, expected) in [
        ("found", vec![two.jwk("2"), one.jwk("1")], &text, good()),
        ("by the name, not by trial", vec![two.jwk("1"), one.jwk("2")], &text, refused("signature")),
        ("without a name", vec![two.jwk("2"), one.jwk("1")], &nameless, refused("unknown_key")),
        ("two of one name", vec![one.jwk("1"), two.jwk("1"), two.jwk("2")], &text, refused("unknown_key")),
        ("a secret of the same name", vec![oct, one.jwk("1")], &text, good()),
        ("an empty set", vec![], &text, refused("key")),
    ] {
        assert_eq!(verify(&json!({"keys": keys}), text, &[]), expected, "{name}");
    }
    // A single key needs no name, but does not answer to another's.
    assert_eq!(verify(&one.jwk("1"), &nameless, &[]), good());
    assert_eq!(verify(&one.jwk("2"), &text, &[]), refused("unknown_key"));
}

#[test]
fn one_line_end_is_forgiven_and_wrong_use_is_neither_good_nor_refused() {
    let signer = Signer::es256();
    let (key, text) = (signer.jwk("k").to_string(), signer.sign(&json!({"alg": "ES256", "kid": "k"}), "anything"));
    for (name, input, expected) in [
        ("bare", text.clone().into_bytes(), good()),
        ("with a line end", format!("{text}\n").into_bytes(), good()),
        ("with the other line end", format!("{text}\r\n").into_bytes(), good()),
        ("not text", [text.as_bytes(), &[0xff]].concat(), refused("malformed_token")),
    ] {
        assert_eq!(run(&key, &input, &[]), expected, "{name}");
    }
    let usage = (2, "usage".to_owned());
    for more in [&["--alg"][..], &["--alg", ""], &["--alg", "HS256"], &["--alg", "ES256,none"], &["-v"], &["another"]] {
        assert_eq!(run(&key, text.as_bytes(), more), usage, "{more:?}");
    }
    assert_eq!(run(&key, text.as_bytes(), &["--alg", "RS256,ES256"]), good());
    assert_eq!(run("no JSON", text.as_bytes(), &[]), usage);
    assert_eq!(program::run([], &b""[..]).status(), 2);
    assert_eq!(program::run(["no such file".to_owned()], &b""[..]).status(), 2);
}
