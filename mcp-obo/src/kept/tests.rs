use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::testtenant::settle;

#[derive(Clone, Debug, PartialEq)]
enum Fault {
    Asked(u64),
    Unfinished(Unfinished),
}

impl From<Unfinished> for Fault {
    fn from(why: Unfinished) -> Self {
        Self::Unfinished(why)
    }
}

fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

/// Values 0, 1, 2 …, each good for an hour, made in a second; the numbers in `bad` cannot be made.
fn hourly(bad: &'static [u64]) -> (Kept<u64, Fault>, Arc<AtomicU64>) {
    let made = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&made);
    let kept = Kept::new(move |now: UnixTime| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if bad.contains(&number) {
                return Err(Fault::Asked(number).into());
            }
            Ok(Lease::until(number, now.saturating_add(Duration::from_secs(3_600)), now))
        }
    });
    (kept, made)
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_make_one_value_also_when_half_of_them_go_away() {
    let (kept, made) = hourly(&[]);
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let kept = kept.clone();
            tokio::spawn(async move { kept.get(at(0)).await })
        })
        .collect();
    settle().await;
    for (number, caller) in callers.iter().enumerate() {
        if number % 2 == 0 {
            caller.abort();
        }
    }
    for caller in callers.into_iter().skip(1).step_by(2) {
        assert_eq!(caller.await.unwrap(), Ok(0));
    }
    assert_eq!(made.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_near_its_end_serves_while_another_is_made() {
    let (kept, made) = hourly(&[]);
    assert_eq!(kept.get(at(0)).await, Ok(0));
    assert_eq!(kept.get(at(3_299)).await, Ok(0));
    settle().await;
    assert_eq!(made.load(Ordering::SeqCst), 1, "not due yet");
    for _ in 0..10 {
        assert_eq!(kept.get(at(3_300)).await, Ok(0), "nobody waits");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((kept.get(at(3_301)).await, made.load(Ordering::SeqCst)), (Ok(1), 2));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_ended_is_never_handed_out() {
    let (kept, _) = hourly(&[1, 2]);
    assert_eq!(kept.get(at(0)).await, Ok(0));
    assert_eq!(kept.get(at(3_539)).await, Ok(0), "a minute before its end it still serves");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(kept.get(at(3_540)).await, Err(Fault::Asked(2)));
}

#[tokio::test(start_paused = true)]
async fn an_error_is_repeated_for_a_moment_and_then_looked_at_again() {
    let (kept, made) = hourly(&[0]);
    assert_eq!(kept.get(at(0)).await, Err(Fault::Asked(0)));
    assert_eq!(kept.get(at(0)).await, Err(Fault::Asked(0)));
    assert_eq!(made.load(Ordering::SeqCst), 1);
    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
    assert_eq!(kept.get(at(1)).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_spent_value_is_made_again_and_another_one_stays() {
    let (kept, made) = hourly(&[]);
    assert_eq!(kept.get(at(0)).await, Ok(0));
    kept.spend(|value| *value == 7);
    assert_eq!(kept.get(at(0)).await, Ok(0));
    kept.spend(|value| *value == 0);
    assert_eq!(kept.get(at(0)).await, Ok(1));
    kept.put(Lease::until(50, at(3_600), at(0)));
    assert_eq!((kept.get(at(0)).await, made.load(Ordering::SeqCst)), (Ok(50), 2));
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_is_given_up_and_what_panics_is_made_anew() {
    let silent = Kept::<u64, Fault>::new(|_| std::future::pending());
    let began = Instant::now();
    assert_eq!(silent.get(at(0)).await, Err(Fault::Unfinished(Unfinished::Late { after: DEADLINE })));
    assert_eq!(began.elapsed(), DEADLINE);

    let tries = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&tries);
    let fragile = Kept::<u64, Fault>::new(move |now| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            assert!(!first, "the first one dies");
            Ok(Lease::until(1, now.saturating_add(Duration::from_secs(60)), now))
        }
    });
    assert_eq!(fragile.get(at(0)).await, Err(Fault::Unfinished(Unfinished::Abandoned)));
    assert_eq!(fragile.get(at(0)).await, Ok(1));
}

#[test]
fn margins_shrink_with_what_is_left() {
    for (name, end, renew_at, ends_at) in [
        ("an hour", 3_600, 3_300, 3_540),
        ("a day", 86_400, 86_100, 86_340),
        ("ten minutes", 600, 300, 540),
        ("two minutes", 120, 60, 90),
        ("ten seconds: not asked for in every call", 10, 10, 8),
        ("ended", 0, 10, 0),
    ] {
        let lease = Lease::until((), at(end), at(0));
        assert_eq!((lease.renew_at, lease.ends_at), (at(renew_at), at(ends_at)), "{name}");
    }
}

#[test]
fn debug_prints_nothing_of_the_value() {
    assert_eq!(format!("{:?}", hourly(&[]).0), "Kept(..)");
}

#[tokio::test(start_paused = true)]
async fn what_is_put_while_a_value_is_made_stays() {
    let (kept, _) = hourly(&[]);
    assert_eq!(kept.get(at(0)).await, Ok(0));
    // Due: another one is being made, without knowing what the challenge asks for.
    assert_eq!(kept.get(at(3_400)).await, Ok(0));
    settle().await;
    kept.put(Lease::until(99, at(7_000), at(3_400)));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(kept.get(at(3_401)).await, Ok(99));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_value_gets_what_was_put_meanwhile() {
    let (kept, _) = hourly(&[0]);
    let waiting = tokio::spawn({
        let kept = kept.clone();
        async move { kept.get(at(0)).await }
    });
    settle().await;
    kept.put(Lease::until(99, at(3_600), at(0)));
    assert_eq!(waiting.await.unwrap(), Ok(99), "also when the making failed");
    assert_eq!(kept.get(at(1)).await, Ok(99));
}
