use base64::prelude::*;
use proptest::prelude::*;

use super::*;

fn text(byte: u8) -> String {
    let mut key = [byte; 32];
    key[0] = !byte;
    BASE64_STANDARD.encode(key)
}

fn ring(bytes: &[u8]) -> KeyRing {
    KeyRing::parse(&bytes.iter().map(|byte| text(*byte)).collect::<Vec<_>>().join(",")).unwrap()
}

#[test]
fn keys_are_read_in_either_alphabet_and_with_spaces_between_them() {
    // Bytes that differ between the alphabets.
    let key: Vec<u8> = (0..32).map(|number| 0xff ^ number).collect();
    let (standard, url_safe) = (BASE64_STANDARD.encode(&key), BASE64_URL_SAFE_NO_PAD.encode(&key));
    assert_ne!(standard.trim_end_matches('='), url_safe);
    let ring = KeyRing::parse(&standard).unwrap();
    let sealed = ring.seal(Purpose::SharedToken, b"", b"text").unwrap();
    for (name, text) in [
        ("url-safe", url_safe.clone()),
        ("url-safe with padding", format!("{url_safe}=")),
        ("standard without padding", standard.trim_end_matches('=').to_owned()),
        ("a line break", format!(" {standard}\n")),
        ("second of two", format!("{} ,\t{standard}", text(7))),
    ] {
        let read = KeyRing::parse(&text).unwrap();
        assert_eq!(read.open(Purpose::SharedToken, b"", &sealed).unwrap().as_slice(), b"text", "{name}");
    }
}

#[test]
fn a_list_with_a_fault_is_refused_without_quoting_it() {
    let (good, short) = (text(7), BASE64_STANDARD.encode([7; 31]));
    let (position, first) = (2, 1);
    for (name, list, expected) in [
        ("nothing", String::new(), RingError::Empty),
        ("spaces", " \n".into(), RingError::Empty),
        ("a comma at the end", format!("{good},"), RingError::Blank { position }),
        ("a comma alone", ",".into(), RingError::Blank { position: 1 }),
        ("not base64", format!("{good},hunter2!"), RingError::Base64 { position }),
        ("both alphabets", format!("{good},{}", good.replacen('B', "-", 1) + "+/"), RingError::Base64 { position }),
        ("a password", format!("{good},hunter22"), RingError::Length { position, bytes: 6 }),
        ("short", format!("{good},{short}"), RingError::Length { position, bytes: 31 }),
        ("long", format!("{good},{}", BASE64_STANDARD.encode([7; 33])), RingError::Length { position, bytes: 33 }),
        ("zeros", format!("{good},{}", BASE64_STANDARD.encode([0; 32])), RingError::NotRandom { position }),
        ("twice", format!("{good},{}", good.trim_end_matches('=')), RingError::Repeated { position, first }),
        ("nine", (1..10).map(text).collect::<Vec<_>>().join(","), RingError::TooMany),
    ] {
        let error = KeyRing::parse(&list).unwrap_err();
        assert_eq!(error, expected, "{name}");
        assert!(!format!("{error} {error:?}").contains("hunter"), "{name}");
    }
}

#[test]
fn debug_shows_the_number_of_keys_only() {
    assert_eq!(format!("{:?}", ring(&[1, 2])), "KeyRing { keys: 2, .. }");
}

#[test]
fn a_new_first_key_keeps_what_the_old_one_sealed_readable() {
    let (old, both, new) = (ring(&[1]), ring(&[2, 1]), ring(&[2]));
    let sealed = |ring: &KeyRing| ring.seal(Purpose::SharedToken, b"", b"text").unwrap();
    let opens = |ring: &KeyRing, sealed: &[u8]| ring.open(Purpose::SharedToken, b"", sealed).is_some();
    assert!(opens(&both, &sealed(&old)));
    assert!(opens(&new, &sealed(&both)), "the first key seals");
    assert!(!opens(&old, &sealed(&both)));
    assert!(!opens(&new, &sealed(&old)));
}

#[test]
fn rings_of_one_process_are_strangers_to_each_other() {
    let sealed = KeyRing::ephemeral().seal(Purpose::SharedToken, b"", b"text").unwrap();
    assert!(KeyRing::ephemeral().open(Purpose::SharedToken, b"", &sealed).is_none());
}

#[test]
fn the_same_text_never_looks_the_same_twice() {
    let ring = ring(&[1]);
    let seal = || ring.seal(Purpose::SharedToken, b"", b"text").unwrap();
    let (one, other) = (seal(), seal());
    assert_eq!(one[..5], other[..5], "version and key");
    assert_ne!(one[5..17], other[5..17], "salt");
    assert_ne!(one[17..29], other[17..29], "nonce");
    assert_ne!(one[29..], other[29..], "text");
    assert_eq!(one.len(), 4 + key::OVERHEAD);
}

#[test]
fn lengths_are_bounded_both_ways() {
    let ring = ring(&[1]);
    let longest = vec![7; MAX_PLAIN];
    let sealed = ring.seal(Purpose::SharedToken, b"", &longest).unwrap();
    assert_eq!(ring.open(Purpose::SharedToken, b"", &sealed).unwrap().as_slice(), longest);
    assert_eq!(ring.seal(Purpose::SharedToken, b"", &vec![7; MAX_PLAIN + 1]), Err(SealError::TooLong));
    assert!(ring.open(Purpose::SharedToken, b"", &[sealed, vec![0]].concat()).is_none());
}

#[test]
fn names_differ_by_key_purpose_and_data() {
    let ring = ring(&[1, 2]);
    let names = |purpose, data: &[u8]| {
        let (first, others) = ring.names(purpose, data);
        [vec![first], others.collect()].concat()
    };
    let mut all = names(Purpose::SharedUser, b"a");
    assert_eq!(all, names(Purpose::SharedUser, b"a"));
    all.extend(names(Purpose::SharedUser, b"b"));
    all.extend(names(Purpose::SharedToken, b"a"));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6);
}

proptest! {
    #[test]
    fn only_the_same_ring_purpose_and_context_open(
        plain in proptest::collection::vec(any::<u8>(), 0..200),
        context in proptest::collection::vec(any::<u8>(), 0..40),
        elsewhere in proptest::collection::vec(any::<u8>(), 0..40),
        flip in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (own, other) = (ring(&[1, 2]), ring(&[2, 3]));
        let sealed = own.seal(Purpose::SharedToken, &context, &plain).unwrap();
        let opened = own.open(Purpose::SharedToken, &context, &sealed);
        prop_assert_eq!(opened.as_ref().map(|plain| plain.as_slice()), Some(plain.as_slice()));

        let mut changed = sealed.clone();
        changed[flip.index(sealed.len())] ^= 1 << bit;
        prop_assert!(own.open(Purpose::SharedToken, &context, &changed).is_none(), "a changed bit");
        prop_assert!(own.open(Purpose::SharedToken, &context, &sealed[..flip.index(sealed.len())]).is_none(), "cut off");
        prop_assert!(own.open(Purpose::SharedUser, &context, &sealed).is_none(), "another purpose");
        prop_assert!(context == elsewhere || own.open(Purpose::SharedToken, &elsewhere, &sealed).is_none());
        prop_assert!(other.open(Purpose::SharedToken, &context, &sealed).is_none(), "another ring");
    }

    #[test]
    fn garbage_opens_for_nobody(garbage in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(ring(&[1]).open(Purpose::SharedToken, b"", &garbage).is_none());
    }
}
