//! The store that replicas share.

use super::*;

const KEY: &str = "pTIHnCmo0aWD9nS4wLyKVbEHkX2NhqzRyqFGjUuaqBs=";

#[test]
fn replicas_share_through_a_store_under_keys_of_their_own() {
    assert!(with(&[]).unwrap().sharing.is_none());
    assert!(with(&[("REDIS_URL", " "), ("MCP_SEALING_KEYS", KEY)]).unwrap().sharing.is_none());
    for (url, is_encrypted) in [
        ("redis://cache", false),
        ("rediss://cache:6380", true),
        ("valkeys://user:a-secret-that-nobody-prints@cache/2", true),
        ("rediss+cluster://a?node=b", true),
    ] {
        let settings = with(&[("REDIS_URL", url), ("MCP_SEALING_KEYS", KEY)]).unwrap();
        let sharing = settings.sharing.as_ref().unwrap();
        assert_eq!(sharing.store.is_encrypted(), is_encrypted, "{url}");
        let warns = settings.warnings.iter().any(|warning| warning.starts_with("REDIS_URL"));
        assert_eq!(warns, !is_encrypted, "{url}: {:?}", settings.warnings);
        assert!(!format!("{settings:?}").contains(&KEY[..12]), "{url}");
    }
}

#[test]
fn a_store_without_good_keys_is_refused() {
    let store = ("REDIS_URL", "rediss://cache");
    refused(&[
        ("no keys", &[store], "MCP_SEALING_KEYS"),
        ("blank keys", &[store, ("MCP_SEALING_KEYS", " ")], "MCP_SEALING_KEYS"),
        ("a password", &[store, ("MCP_SEALING_KEYS", SECRET)], "MCP_SEALING_KEYS"),
        ("an empty entry", &[store, ("MCP_SEALING_KEYS", &format!("{KEY},"))], "MCP_SEALING_KEYS"),
        ("bad keys without a store", &[("MCP_SEALING_KEYS", SECRET)], "MCP_SEALING_KEYS"),
        ("no store's URL", &[("REDIS_URL", "https://cache"), ("MCP_SEALING_KEYS", KEY)], "REDIS_URL"),
        (
            "a password in a bad URL",
            &[("REDIS_URL", "redis://:a-secret-that-nobody-prints@"), ("MCP_SEALING_KEYS", KEY)],
            "REDIS_URL",
        ),
    ]);
}
