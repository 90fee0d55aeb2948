use super::*;
use mcp_auth_layer::tenant::TenantId;

fn user(number: usize) -> UserId {
    UserId::new(TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap(), &number.to_string())
}

fn forgotten(most: usize) -> Arc<Forgotten> {
    Arc::new(Forgotten::knowing(most))
}

impl Forgotten {
    /// Goes through a sweep, and forgets more users than are known one by one, while somebody waits for the table.
    pub(in crate::cache) fn sweep_and_overrun<T>(&self, waiting: impl FnOnce() -> T, sweep: impl FnOnce()) -> T {
        let mut table = self.table_mut();
        let waiting = waiting();
        sweep();
        (table.swept, table.most) = (self.unswept(), 1);
        table.forget(self.tag(&user(0)));
        waiting
    }
}

#[test]
fn what_departed_before_its_user_was_forgotten_is_void_and_nothing_else_is() {
    let forgotten = forgotten(10);
    let (alice, bob) = (forgotten.tag(&user(1)), forgotten.tag(&user(2)));
    let before = forgotten.depart();
    assert!(forgotten.admits(alice, before));
    drop(forgotten.forget(&user(1)));
    let between = forgotten.depart();
    assert!(!forgotten.admits(alice, before) && forgotten.has_voided(alice, before));
    assert!(forgotten.admits(bob, before) && !forgotten.has_voided(bob, before));
    assert!(forgotten.admits(alice, between) && !forgotten.has_voided(alice, between));
    drop(forgotten.forget(&user(1)));
    assert!(!forgotten.admits(alice, between), "forgotten again");
    assert!(forgotten.admits(alice, forgotten.depart()));
}

#[test]
fn a_hit_asks_only_until_all_is_swept() {
    let forgotten = forgotten(10);
    assert_eq!(forgotten.unswept(), Departure::NONE);
    let mut sweep = forgotten.forget(&user(1)).unwrap();
    let begun = forgotten.unswept();
    assert!(begun > Departure::NONE);
    assert!(forgotten.forget(&user(2)).is_none(), "one sweeps for all");
    assert_eq!(sweep.done(begun), Swept::NotAll);
    assert!(forgotten.unswept() > begun);
    assert_eq!(sweep.done(forgotten.unswept()), Swept::All);
    assert_eq!(forgotten.unswept(), Departure::NONE);
    let another = forgotten.forget(&user(3)).unwrap();
    drop(sweep);
    assert!(forgotten.forget(&user(4)).is_none(), "one that is over ends no other's duty");
    drop(another);
    assert!(forgotten.forget(&user(5)).is_some(), "one that broke off leaves its duty to the next");
}

#[test]
fn the_table_is_bounded_and_what_it_no_longer_tells_apart_is_void() {
    let forgotten = forgotten(100);
    let bob = forgotten.tag(&user(usize::MAX));
    let at_first = forgotten.depart();
    let mut sweep = forgotten.forget(&user(0)).unwrap();
    assert!(forgotten.admits(bob, at_first));
    for number in 1..=1_000 {
        assert!(forgotten.forget(&user(number)).is_none());
    }
    let table = forgotten.table();
    assert_eq!((table.by_user.len(), table.in_order.len()), (100, 100));
    drop(table);
    let in_the_end = forgotten.depart();
    assert!(!forgotten.admits(forgotten.tag(&user(0)), at_first), "of whom nothing is known any more");
    assert!(!forgotten.admits(bob, at_first), "who cannot be told from one that was");
    assert!(forgotten.has_voided(bob, at_first), "nor in the cache, as long as it was not swept");
    assert!(forgotten.admits(bob, in_the_end) && !forgotten.has_voided(bob, in_the_end));
    assert_eq!(sweep.done(forgotten.unswept()), Swept::All);
    assert!(!forgotten.has_voided(bob, at_first), "what is in the cache now is nobody's who was forgotten");
    assert!(!forgotten.admits(bob, at_first), "but what comes from so long ago is not taken in");
}

#[test]
fn who_was_swept_leaves_the_table_at_nobodys_expense() {
    let forgotten = forgotten(1);
    let bob = (forgotten.tag(&user(usize::MAX)), forgotten.depart());
    let mut sweep = forgotten.forget(&user(1)).unwrap();
    assert_eq!(sweep.done(forgotten.unswept()), Swept::All);
    let mut sweep = forgotten.forget(&user(2)).unwrap();
    assert!(!forgotten.has_voided(bob.0, bob.1), "the first one was swept");
    let second = forgotten.unswept();
    assert!(forgotten.forget(&user(3)).is_none());
    assert!(forgotten.has_voided(bob.0, bob.1), "the second one was not");
    assert_eq!(sweep.done(second), Swept::NotAll);
    assert!(!forgotten.has_voided(bob.0, bob.1), "but is now");
}

#[test]
fn who_is_forgotten_again_and_again_makes_nothing_of_others_void() {
    let forgotten = forgotten(100);
    let bob = (forgotten.tag(&user(usize::MAX)), forgotten.depart());
    for _ in 0..1_000 {
        drop(forgotten.forget(&user(1)));
    }
    assert!(forgotten.admits(bob.0, bob.1));
    let table = forgotten.table();
    assert_eq!((table.by_user.len(), table.in_order.len()), (1, 100));
    drop(table);
    let before = forgotten.depart();
    drop(forgotten.forget(&user(1)));
    for number in 2..50 {
        drop(forgotten.forget(&user(number)));
    }
    assert!(!forgotten.admits(forgotten.tag(&user(1)), before), "an earlier one that went took no later one with it");
}

#[test]
fn debug_tells_users_apart_to_nobody() {
    let forgotten = forgotten(1);
    assert_eq!(format!("{:?}", forgotten.tag(&user(1))), "UserTag(..)");
}
