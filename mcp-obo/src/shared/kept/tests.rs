use super::*;

const NOW: u64 = 1_800_000_000;

fn now() -> UnixTime {
    UnixTime::from_secs(NOW)
}

fn key() -> SharedKey {
    key_of("")
}

fn key_of(assertion: &str) -> SharedKey {
    let parts = super::super::key::KeyParts {
        authority: "",
        tenant: "",
        client_id: "",
        assertion,
        scope: "",
        capabilities: &[],
    };
    SharedKey::new(&parts)
}

/// Before anything was stored.
const NEVER: UnixTime = UnixTime::from_secs(0);

const EPOCH: Epoch = Epoch::from_bytes([7; 16]);

/// A token of an hour that may be used for 55 minutes.
fn hour(token: &str) -> Kept {
    kept(token, 3_600, 3_600, 3_300)
}

fn kept(token: &str, expires_in: u64, lifetime: u64, usable_for: u64) -> Kept {
    let at = |secs| UnixTime::from_secs(NOW + secs);
    Kept::new(token.into(), at(expires_in), Duration::from_secs(lifetime), at(usable_for))
}

/// Seals any text as if this version had written it.
fn forge(ring: &KeyRing, plain: &[u8]) -> Vec<u8> {
    ring.seal(Purpose::SharedToken, key().as_bytes(), plain).unwrap()
}

#[test]
fn what_is_sealed_opens_as_it_was() {
    let ring = KeyRing::ephemeral();
    let sealed = hour("a.b.c").seal(&ring, &key(), EPOCH, now()).unwrap();
    let open = Kept::open(&ring, &key(), &[EPOCH], NEVER, now(), &sealed).unwrap();
    assert_eq!(open.token().expose_secret(), "a.b.c");
    assert_eq!(open.expires_at(), UnixTime::from_secs(NOW + 3_600));
    assert_eq!(open.lifetime(), Duration::from_secs(3_600));
    assert_eq!(open.usable_until(), UnixTime::from_secs(NOW + 3_300));
    assert_eq!(sealed.len() - "a.b.c".len(), 90, "the documented price of an entry");
    assert!(!format!("{open:?}").contains("a.b.c"));
}

#[test]
fn it_is_good_until_it_may_be_used_no_more_and_for_its_epoch() {
    let ring = KeyRing::ephemeral();
    let sealed = hour("t").seal(&ring, &key(), EPOCH, now()).unwrap();
    let other = Epoch::from_bytes([8; 16]);
    for (name, epochs, at, expected) in [
        ("the last second", &[EPOCH][..], NOW + 3_299, None),
        ("the end", &[EPOCH], NOW + 3_300, Some(Unusable::Expired)),
        ("a clock that is a little behind", &[EPOCH], NOW - 300, None),
        ("a clock that is far behind", &[EPOCH], NOW - 301, Some(Unusable::Absurd)),
        ("one of two epochs", &[other, EPOCH], NOW, None),
        ("another epoch", &[other], NOW, Some(Unusable::Forgotten)),
        ("no epoch", &[], NOW, Some(Unusable::Forgotten)),
    ] {
        let got = Kept::open(&ring, &key(), epochs, NEVER, UnixTime::from_secs(at), &sealed).err();
        assert_eq!(got, expected, "{name}");
    }
}

#[test]
fn what_cannot_be_is_neither_stored_nor_taken() {
    let ring = KeyRing::ephemeral();
    let days = |days: u64| days * 24 * 3_600;
    for (name, absurd) in [
        ("no token", hour("")),
        ("a token that is no header value", hour("a\r\nb")),
        ("a token with a space", hour("a b")),
        ("a token that is too long", hour(&"x".repeat(MAX_TOKEN + 1))),
        ("of use after its end", kept("t", 3_600, 3_600, 3_601)),
        ("three days", kept("t", days(3), 3_600, 3_300)),
        ("a life of three days", kept("t", 3_600, days(3), 3_300)),
        ("no life", kept("t", 3_600, 0, 3_300)),
    ] {
        assert!(absurd.seal(&ring, &key(), EPOCH, now()).is_none(), "{name}");
        let mut plain = vec![LAYOUT];
        plain.extend_from_slice(EPOCH.as_bytes());
        for time in [now(), absurd.usable_until, absurd.expires_at] {
            plain.extend_from_slice(&time.as_secs().to_be_bytes());
        }
        plain.extend_from_slice(&(absurd.lifetime.as_secs() as u32).to_be_bytes());
        plain.extend_from_slice(absurd.token.expose_secret().as_bytes());
        let got = Kept::open(&ring, &key(), &[EPOCH], NEVER, now(), &forge(&ring, &plain)).err();
        assert_eq!(got, Some(Unusable::Absurd), "{name}");
    }
    assert!(kept("t", 60, 60, 0).seal(&ring, &key(), EPOCH, now()).is_none(), "it is over already");
    assert!(hour(&"x".repeat(MAX_TOKEN)).seal(&ring, &key(), EPOCH, now()).is_some(), "the longest");
}

#[test]
fn what_another_version_or_anybody_else_wrote_is_garbage() {
    let ring = KeyRing::ephemeral();
    let sealed = hour("t").seal(&ring, &key(), EPOCH, now()).unwrap();
    let plain = ring.open(Purpose::SharedToken, key().as_bytes(), &sealed).unwrap();
    let mut other_layout = plain.to_vec();
    other_layout[0] = 2;
    let not_text = [&plain[..FIXED], &[0xff]].concat();
    for (name, value) in [
        ("nothing", Vec::new()),
        ("text", b"a token?".to_vec()),
        ("another layout", forge(&ring, &other_layout)),
        ("cut off", forge(&ring, &plain[..FIXED - 1])),
        ("empty, well sealed", forge(&ring, b"")),
        ("not text", forge(&ring, &not_text)),
        ("another ring's", hour("t").seal(&KeyRing::ephemeral(), &key(), EPOCH, now()).unwrap()),
    ] {
        assert_eq!(Kept::open(&ring, &key(), &[EPOCH], NEVER, now(), &value).err(), Some(Unusable::Garbage), "{name}");
    }
}

#[test]
fn an_entry_that_is_moved_to_another_name_does_not_open() {
    let ring = KeyRing::ephemeral();
    let sealed = hour("t").seal(&ring, &key(), EPOCH, now()).unwrap();
    let got = Kept::open(&ring, &key_of("another"), &[EPOCH], NEVER, now(), &sealed).err();
    assert_eq!(got, Some(Unusable::Garbage));
}
