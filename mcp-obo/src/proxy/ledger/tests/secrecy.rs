//! Who reads the store learns nothing from it.

use base64::prelude::*;
use mcp_auth_layer::clock::UnixTime;

use super::{
    super::{About, Record},
    *,
};
use crate::testtenant::{TENANT, user_id};

/// Everything that a whole life at the front door writes, and what must not be read from it.
async fn lived(ring: KeyRing) -> (Vec<(String, Bytes)>, Vec<String>) {
    let mut origin = Origin::granting();
    origin.ring = ring;
    let proxy = origin.replica();
    let code = origin.code("alice", "a");
    let first = redeem(&proxy, &code).await;
    let next = refresh(&proxy, &first.refresh_token()).await;
    refresh(&proxy, &first.refresh_token()).await;
    redeem(&proxy, &code).await;
    revoke(&proxy, &next.refresh_token()).await;
    proxy.forget_user(&user_id("alice")).await.unwrap();
    let access = next.json()["access_token"].as_str().unwrap().to_owned();
    let secrets = vec![
        code,
        first.refresh_token(),
        next.refresh_token(),
        access,
        "alice".to_owned(),
        TENANT.to_owned(),
        CLIENT.to_owned(),
        "entra-code".to_owned(),
        SECRET.to_owned(),
    ];
    (origin.store.written().into_iter().map(|(name, value, _)| (name, value)).collect(), secrets)
}

#[tokio::test(start_paused = true)]
async fn names_are_digests_and_values_are_times() {
    let (written, secrets) = lived(KeyRing::ephemeral()).await;
    let mut kinds: Vec<_> = written.iter().map(|(name, _)| &name[..12]).collect();
    kinds.dedup();
    assert_eq!(kinds, ["mcp-obo:1:c:", "mcp-obo:1:r:", "mcp-obo:1:c:", "mcp-obo:1:e:", "mcp-obo:1:f:"]);
    for (name, value) in &written {
        let digits = &name[12..];
        assert!(digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        assert!(value.len() == 16 && value[..8] == NOW.to_be_bytes(), "{value:?}");
        let shown = format!("{name} {} {}", BASE64_STANDARD.encode(value), String::from_utf8_lossy(value));
        for secret in &secrets {
            assert!(!shown.contains(secret.as_str()), "{secret}: {shown}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_without_the_ring_can_tell_whose_a_name_is() {
    use aws_lc_rs::digest::{SHA256, digest};
    let (one, _) = lived(KeyRing::ephemeral()).await;
    let (other, _) = lived(KeyRing::ephemeral()).await;
    for (name, _) in &one {
        assert!(other.iter().all(|(others, _)| others != name), "{name} is the same under another ring");
    }
    let tested = ["alice".to_owned(), TENANT.to_owned(), format!("{TENANT}alice"), "alice entra-code a".to_owned()];
    for guess in tested {
        let hex: String = digest(&SHA256, guess.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(one.iter().all(|(name, _)| !name.contains(&hex)), "{guess}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_two_records_are_about_the_same_by_accident() {
    let ring = KeyRing::ephemeral();
    let names = |about: About<'_>| format!("{:?}", Record::new(&ring, about, UnixTime::from_secs(0)));
    let name = |about| names(about).split('"').nth(1).unwrap().rsplit(':').next().unwrap().to_owned();
    let mut all: Vec<_> = [
        About::Code { family: "a" },
        About::Ended { family: "a" },
        About::Code { family: "b" },
        About::Use { family: "a", sequence: 0 },
        About::Use { family: "a", sequence: 1 },
        About::Use { family: "a\0", sequence: 0 },
        About::Forgotten { tenant: "ab", object_id: "c" },
        About::Forgotten { tenant: "a", object_id: "bc" },
    ]
    .map(name)
    .into();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 8);
}
