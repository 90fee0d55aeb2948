//! In which order callers ask.

use std::iter;

use crate::crowd::Crowd;

/// How many draws are made before they are repeated, so that a request costs no more than a look at a list.
const DRAWS: usize = 1 << 20;

/// In which order callers ask.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Order {
    /// One after the other, and from the beginning again.
    InTurn,
    /// The first most often, the others less and less: by Zipf's law with this exponent.
    Zipf(f64),
}

impl Order {
    /// Settles the order for `callers`.
    pub(super) fn drawn(self, callers: usize) -> Drawn {
        match self {
            Self::InTurn => Drawn::InTurn(callers),
            Self::Zipf(exponent) => Drawn::List(zipf(callers, exponent, DRAWS)),
        }
    }
}

/// A settled order.
#[derive(Debug)]
pub(super) enum Drawn {
    InTurn(usize),
    List(Vec<usize>),
}

impl Drawn {
    /// Returns who asks the request with this number, if anybody is known by name.
    pub(super) fn caller(&self, number: u64) -> Option<usize> {
        let at = |len: usize| usize::try_from(number % u64::try_from(len).ok()?).ok();
        match self {
            Self::InTurn(0) => None,
            Self::InTurn(callers) => at(*callers),
            Self::List(list) if list.is_empty() => None,
            Self::List(list) => at(list.len()).map(|at| list[at]),
        }
    }
}

/// Draws ranks for users: the first caller is the most frequent.
fn zipf(callers: usize, exponent: f64, draws: usize) -> Vec<usize> {
    let mut crowd = Crowd::zipf(callers, exponent);
    if callers == 0 { Vec::new() } else { iter::repeat_with(|| crowd.rank()).take(draws).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_turn() {
        let order = Order::InTurn.drawn(3);
        let asked: Vec<_> = (0..5).map(|number| order.caller(number)).collect();
        assert_eq!(asked, [Some(0), Some(1), Some(2), Some(0), Some(1)]);
    }

    #[test]
    fn without_callers_nobody_is_named() {
        for order in [Order::InTurn, Order::Zipf(0.99)] {
            assert_eq!(order.drawn(0).caller(7), None, "{order:?}");
        }
    }

    #[test]
    fn the_second_asks_half_as_often_as_the_first() {
        let drawn = zipf(100, 1.0, 100_000);
        let count = |caller| drawn.iter().filter(|drawn| **drawn == caller).count();
        let (first, second, last) = (count(0), count(1), count(99));
        assert!(first * 9 < second * 20 && first * 11 > second * 20, "{first} and {second}");
        assert!(last > 0 && last * 50 < first, "{last}");
    }
}
