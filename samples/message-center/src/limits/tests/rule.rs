//! What a rule counts, while time stands still until it is moved.

use std::{num::NonZeroU32, time::Duration};

use tokio::time;

use super::{from, parts};
use crate::limits::{
    TrustedProxies,
    asker::{Asker, By},
    buckets::{Key, MOST},
    refusal::{Refusal, seconds},
    rule::{Rule, Terms},
};

fn rule(per_minute: u32, by: By) -> Rule {
    let per_minute = NonZeroU32::new(per_minute).unwrap();
    Rule::new(Terms { name: "test", per_minute, by, refusal: Refusal::OAuth }, TrustedProxies::default())
}

/// A client at an address, by a query.
fn client(id: &str, address: &str) -> Asker {
    let request = from(address).uri(format!("/authorize?client_id={id}"));
    By::Client.find(&parts(request), &TrustedProxies::default()).unwrap()
}

fn at(address: &str) -> Asker {
    By::Address.find(&parts(from(address)), &TrustedProxies::default()).unwrap()
}

/// How many of `tries` are admitted.
fn admitted(rule: &Rule, asker: &Asker, tries: usize) -> usize {
    (0..tries).filter(|_| rule.admit(asker).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn ten_a_minute_are_ten_at_once_and_then_one_every_six_seconds() {
    let (rule, asker) = (rule(10, By::Address), at("203.0.113.7"));
    assert_eq!(admitted(&rule, &asker, 30), 10);
    assert_eq!(rule.admit(&asker), Err(Duration::from_secs(6)));
    time::advance(Duration::from_millis(5_999)).await;
    assert_eq!(rule.admit(&asker), Err(Duration::from_millis(1)));
    time::advance(Duration::from_millis(1)).await;
    assert_eq!(admitted(&rule, &asker, 5), 1);
    time::advance(Duration::from_secs(18)).await;
    assert_eq!(admitted(&rule, &asker, 5), 3);
    time::advance(Duration::from_secs(3_600)).await;
    assert_eq!(admitted(&rule, &asker, 30), 10, "what is not used is not saved up");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_as_long_as_told_is_let_in() {
    for per_minute in [1, 7, 10, 61, 100, 4_000] {
        let (rule, asker) = (rule(per_minute, By::Address), at("203.0.113.7"));
        assert_eq!(admitted(&rule, &asker, per_minute as usize), per_minute as usize);
        let wait = seconds(rule.admit(&asker).unwrap_err());
        assert!((1..=60).contains(&wait), "{per_minute}: {wait}");
        time::advance(Duration::from_secs(wait)).await;
        assert_eq!(rule.admit(&asker), Ok(()), "{per_minute}");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_at_one_address_do_not_use_up_each_other_s_and_neither_do_addresses() {
    let rule = rule(10, By::Client);
    for (id, address) in [("a", "203.0.113.7"), ("b", "203.0.113.7"), ("a", "203.0.113.8"), ("", "203.0.113.7")] {
        assert_eq!(admitted(&rule, &client(id, address), 15), 10, "{id} {address}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_client_in_other_words_is_the_same() {
    let rule = rule(10, By::Client);
    assert_eq!(admitted(&rule, &client("c1e7d6f0-93aa", "2001:db8:1:2::1"), 10), 10);
    for (id, address) in [
        ("C1E7D6F0-93AA", "2001:db8:1:2::1"),
        ("%631e7d6f0-93aa", "2001:db8:1:2::1"),
        ("c1e7d6f0-93aa&client_id=other&x=y", "2001:db8:1:2::1"),
        ("c1e7d6f0-93aa", "2001:db8:1:2:3:4:5:6"),
    ] {
        assert_eq!(admitted(&rule, &client(id, address), 1), 0, "{id} {address}");
    }
}

#[tokio::test(start_paused = true)]
async fn made_up_clients_get_neither_calls_nor_memory_without_end() {
    let rule = rule(10, By::Client);
    let made_up = |number: usize| client(&format!("client-{number}"), "203.0.113.7");
    assert_eq!((0..1_000).filter(|number| rule.admit(&made_up(*number)).is_ok()).count(), 100);
    assert_eq!(rule.remembered(), 100);
    assert_eq!(admitted(&rule, &client("client-1", "203.0.113.8"), 15), 10, "another address is not affected");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_stop_takes_nothing_from_its_neighbours() {
    let rule = rule(10, By::Client);
    assert_eq!(admitted(&rule, &client("loud", "203.0.113.7"), 1_000), 10);
    let neighbours = (0..9).map(|number| client(&format!("quiet-{number}"), "203.0.113.7"));
    assert_eq!(neighbours.map(|neighbour| admitted(&rule, &neighbour, 10)).sum::<usize>(), 90);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_given_back() {
    let rule = rule(10, By::Address);
    let address = |number: usize| at(&std::net::Ipv4Addr::from(u32::try_from(number).unwrap()).to_string());
    assert!((0..MOST).all(|number| rule.admit(&address(number)).is_ok()));
    assert_eq!(rule.remembered(), MOST);
    // Those that come now share one place, and who was there before keeps its own.
    assert_eq!((MOST..MOST + 50).filter(|number| rule.admit(&address(*number)).is_ok()).count(), 10);
    assert_eq!(rule.remembered(), MOST);
    assert_eq!(admitted(&rule, &address(7), 15), 9);
    // What is full again is forgotten, and what is not is kept.
    time::advance(Duration::from_secs(20)).await;
    assert_eq!(admitted(&rule, &address(MOST), 15), 10);
    assert_eq!(rule.remembered(), 2);
    assert_eq!(admitted(&rule, &address(7), 15), 3);
}

#[test]
fn parts_that_read_alike_are_not_the_same_asker() {
    let parts: [&[&[u8]]; 4] = [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"ab", b"c", b""]];
    for (at, one) in parts.iter().enumerate() {
        assert_eq!(Key::of(one), Key::of(one));
        assert!(parts[at + 1..].iter().all(|other| Key::of(one) != Key::of(other)), "{one:?}");
    }
}
