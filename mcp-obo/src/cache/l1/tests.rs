use super::*;
use crate::{
    Target,
    testtenant::{LIFE, NOW, Tenant, granted, user_id},
};
use mcp_auth_layer::{VerifiedToken, clock::FixedClock};

fn cache() -> Arc<TokenCache> {
    Arc::new(TokenCache::new(64 << 20, Arc::new(FixedClock::at(UnixTime::from_secs(NOW)))))
}

fn keep(cache: &TokenCache, key: &EntryKey, departure: Departure, caller: &VerifiedToken, name: &str) {
    let answer = crate::answer::read(&granted(0), UnixTime::from_secs(NOW)).ok().unwrap();
    let user = cache.forgotten().tag(&user_id(name));
    cache.keep(key, departure, &answer, caller.expires_at(), user);
}

/// Fills a cache with so many tokens of this user.
async fn filled(cache: &TokenCache, name: &str, count: usize) -> Vec<EntryKey> {
    let caller = Tenant::granting().user(name).await;
    let key = |number| EntryKey::new(caller.digest(), &Target::new(&format!("api://{number}"), &["x"]).unwrap());
    let keys: Vec<_> = (0..count).map(key).collect();
    for key in &keys {
        keep(cache, key, cache.forgotten().depart(), &caller, name);
        assert!(cache.find(key).is_some());
    }
    keys
}

#[tokio::test]
async fn an_entry_of_a_past_epoch_is_void_before_it_is_removed() {
    let cache = cache();
    let (alices, bobs) = (filled(&cache, "alice", 1).await, filled(&cache, "bob", 1).await);
    let _sweep = cache.forgotten.forget(&user_id("alice")).unwrap();
    assert!(cache.find(&alices[0]).is_none());
    assert!(cache.hit(&alices[0]).is_none());
    assert!(cache.find(&bobs[0]).is_some());
    cache.weight();
    assert_eq!(cache.entries.entry_count(), 2, "nobody has removed it yet");
}

#[tokio::test]
async fn a_forgotten_users_tokens_leave_the_memory() {
    let cache = cache();
    filled(&cache, "alice", 3).await;
    let bobs = filled(&cache, "bob", 2).await;
    cache.forget(&user_id("alice"));
    cache.weight();
    assert_eq!(cache.entries.entry_count(), 2);
    assert!(bobs.iter().all(|key| cache.find(key).is_some()));
    assert_eq!(cache.forgotten.unswept(), Departure::default(), "a hit asks nothing any more");
}

#[tokio::test]
async fn a_large_cache_is_swept_beside_the_callers() {
    let cache = cache();
    let alices = filled(&cache, "alice", FEW as usize + 1).await;
    let bobs = filled(&cache, "bob", 2).await;
    cache.weight();
    cache.forget(&user_id("alice"));
    cache.forget(&user_id("carol"));
    assert!(cache.entries.entry_count() > FEW, "it has not begun: it needs this thread for that");
    assert!(alices.iter().all(|key| cache.find(key).is_none()));
    assert!(bobs.iter().all(|key| cache.find(key).is_some()));
    while cache.forgotten.unswept() > Departure::default() {
        tokio::task::yield_now().await;
    }
    cache.weight();
    assert_eq!(cache.entries.entry_count(), 2);
    assert!(bobs.iter().all(|key| cache.find(key).is_some()));
}

#[test]
fn without_a_runtime_a_large_cache_is_swept_on_the_spot() {
    let cache = cache();
    tokio_test::block_on(filled(&cache, "alice", FEW as usize + 1));
    assert!(cache.weight() > 0);
    cache.forget(&user_id("alice"));
    assert_eq!((cache.entries.entry_count(), cache.entries.weighted_size()), (0, 0));
}

#[tokio::test]
async fn what_departed_before_its_user_was_forgotten_is_not_kept_however_late_it_comes() {
    let cache = cache();
    let key = filled(&cache, "alice", 1).await[0];
    let caller = Tenant::granting().user("alice").await;
    let before = cache.forgotten().depart();
    cache.forget(&user_id("alice"));
    keep(&cache, &key, before, &caller, "alice");
    assert_eq!(cache.weight(), 0);
    let after = cache.forgotten().depart();
    keep(&cache, &key, after, &caller, "alice");
    assert!(cache.find(&key).is_some());
    cache.forget(&user_id("bob"));
    assert!(cache.find(&key).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_survives_a_forgetting_that_it_was_kept_beside() {
    let cache = cache();
    let caller = Tenant::granting().user("alice").await;
    let key = EntryKey::new(caller.digest(), &Target::graph());
    for _ in 0..2_000 {
        let departure = cache.forgotten().depart();
        let keeping = spawn_blocking({
            let (cache, caller) = (Arc::clone(&cache), caller.clone());
            move || keep(&cache, &key, departure, &caller, "alice")
        });
        cache.forget(&user_id("alice"));
        assert!(cache.find(&key).is_none());
        keeping.await.unwrap();
        assert!(cache.find(&key).is_none());
        assert!(cache.entries.get(&key).is_none(), "neither for a hit nor in the memory");
    }
}

#[test]
fn what_was_found_before_a_sweep_is_not_served_after_it() {
    let cache = cache();
    let key = tokio_test::block_on(filled(&cache, "alice", 1))[0];
    let token = cache.find(&key).unwrap();
    let _sweep = cache.forgotten.forget(&user_id("alice")).unwrap();
    let alone = token.holders();
    let late = cache.forgotten.sweep_and_overrun(
        || {
            let cache = Arc::clone(&cache);
            let late = std::thread::spawn(move || cache.find(&key));
            while token.holders() == alone {
                std::thread::yield_now();
            }
            late
        },
        || cache.remove(&key, &token),
    );
    assert!(late.join().unwrap().is_none(), "it is not in the table any more that she was forgotten");
}

#[tokio::test]
async fn a_refusal_takes_away_only_what_was_there_when_its_request_left() {
    let cache = cache();
    let before = cache.forgotten().depart();
    let key = filled(&cache, "alice", 1).await[0];
    cache.revoke(&key, before);
    assert!(cache.find(&key).is_some());
    cache.revoke(&key, cache.forgotten().depart());
    assert!(cache.find(&key).is_none());
}

#[tokio::test]
async fn memory_is_given_back_at_the_end_of_an_entrys_own_use() {
    let cache = cache();
    let key = filled(&cache, "alice", 1).await[0];
    let (entry, remaining, now) = (cache.entries.get(&key).unwrap(), Remaining(cache.clock.clone()), Instant::now());
    let use_of_it = Some(Duration::from_secs(LIFE - 300));
    assert_eq!(remaining.expire_after_create(&key, &entry, now), use_of_it);
    let of_another = Some(Duration::from_secs(5));
    assert_eq!(remaining.expire_after_update(&key, &entry, now, of_another), use_of_it);
}

#[test]
fn an_entry_is_as_lean_as_it_can_be() {
    // Its token's allocation beside it has two counts, two words for the text, and two times.
    assert_eq!((size_of::<Entry>(), size_of::<EntryKey>()), (32, 32));
}
