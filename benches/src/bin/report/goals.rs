//! What the libraries are to reach: ratios of rows, each with a bound.

mod list;

use crate::{
    figure::number,
    measured::{Gone, Measured},
};

/// One thing to be reached.
struct Goal {
    sentence: &'static str,
    kind: Kind,
    bound: Bound,
    figure: fn(&Measured) -> Result<f64, Gone>,
}

/// What a figure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The machine, or how much is measured.
    Measured,
    /// The code alone: it is the same on any machine, and in a smoke run.
    Counted,
}

/// Where a figure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
}

/// What became of a goal.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) sentence: &'static str,
    kind: Kind,
    bound: Bound,
    figure: Result<f64, Gone>,
}

/// Judges every goal by the rows.
pub(crate) fn judge(measured: &Measured) -> Vec<Judged> {
    let judged = |goal: &Goal| Judged {
        sentence: goal.sentence,
        kind: goal.kind,
        bound: goal.bound,
        figure: (goal.figure)(measured),
    };
    list::GOALS.iter().map(judged).collect()
}

impl Judged {
    /// Tells whether the figure is there and where it must be.
    pub(crate) fn is_held(&self) -> bool {
        self.figure.as_ref().is_ok_and(|figure| self.bound.holds(*figure))
    }

    /// Tells whether it is missed on any machine, and so in a smoke run, too.
    pub(crate) fn is_missed_anywhere(&self) -> bool {
        self.kind == Kind::Counted && !self.is_held()
    }

    /// Returns one word.
    pub(crate) fn verdict(&self) -> &'static str {
        match &self.figure {
            Err(_) => "not measured",
            Ok(_) if self.is_held() => "held",
            Ok(_) => "missed",
        }
    }

    /// Writes the figure, or why there is none.
    pub(crate) fn measured(&self) -> String {
        match &self.figure {
            Ok(figure) => number(*figure),
            Err(gone) => gone.to_string(),
        }
    }

    /// Writes the bound.
    pub(crate) fn bound(&self) -> String {
        match self.bound {
            Bound::AtMost(bound) => format!("≤ {}", number(bound)),
            Bound::AtLeast(bound) => format!("≥ {}", number(bound)),
            Bound::Exactly(bound) => format!("= {}", number(bound)),
        }
    }
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bound) => figure <= bound,
            // What is divided by nothing is more than anything, and says as much.
            Self::AtLeast(bound) => figure.is_finite() && figure >= bound,
            Self::Exactly(bound) => figure == bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measured::tests::rows;

    fn judged(sentence: &str, measured: &Measured) -> Judged {
        let mut found = judge(measured).into_iter().filter(|one| one.sentence.starts_with(sentence));
        found.next().unwrap_or_else(|| panic!("no goal {sentence:?}"))
    }

    #[test]
    fn a_goal_is_held_missed_or_not_measured() {
        let hit = |ours, bare| {
            rows(&[
                ("token_cache", "OBO hit, 1 user, uniform", "ours", ours),
                ("token_cache", "OBO hit, 1 user, uniform", "bare", bare),
            ])
        };
        for (ours, bare, verdict, figure) in [
            (Some(250.0), Some(200.0), "held", "1.25"),
            (Some(252.0), Some(200.0), "missed", "1.26"),
            (Some(0.0), Some(0.0), "missed", "NaN"),
            (None, Some(200.0), "not measured", "not measured: no tool"),
        ] {
            let one = judged("A cached token, 1 user", &hit(ours, bare));
            assert_eq!((one.verdict(), one.measured().as_str(), one.bound().as_str()), (verdict, figure, "≤ 1.25"));
        }
    }

    #[test]
    fn what_the_layer_costs_is_what_it_adds_to_the_bare_service() {
        let measured = rows(&[
            ("bearer", "a known token", "bare", Some(100.0)),
            ("bearer", "a known token", "ours", Some(500.0)),
            ("bearer", "a known token", "slow-crate 1.0", Some(40_100.0)),
            ("bearer", "a known token", "fast-crate 1.0", Some(20_100.0)),
            ("bearer", "moka::sync get", "bare", Some(100.0)),
        ]);
        assert_eq!(judged("A known token: what the layer adds ÷ a bare", &measured).figure, Ok(4.0));
        assert_eq!(judged("A known token: what the layer adds ÷ what the best", &measured).figure, Ok(0.02));
    }

    #[test]
    fn only_what_is_counted_is_missed_anywhere() {
        let nothing = judge(&rows(&[]));
        assert!(nothing.iter().all(|one| !one.is_held()), "nothing was measured");
        let counted: Vec<_> = nothing.iter().filter(|one| one.is_missed_anywhere()).map(|one| one.sentence).collect();
        assert_eq!(counted.len(), 3, "{counted:?}");
        let hit = |ours| rows(&[("token_cache", "OBO hit, allocations", "ours", Some(ours))]);
        for (allocations, is_missed) in [(0.0, false), (0.01, false), (1.0, true)] {
            assert_eq!(judged("A cached token: allocations", &hit(allocations)).is_missed_anywhere(), is_missed);
        }
    }

    #[test]
    fn a_stampede_is_judged_by_the_worst_of_all() {
        let whats = ["", ", half of them cancelled", ", the first cancelled each turn"];
        let whats: Vec<_> = ["1,000", "10,000"]
            .iter()
            .flat_map(|many| whats.map(|how| format!("upstream calls of {many} callers of one cold key{how}")))
            .collect();
        let mut all: Vec<_> = whats.iter().map(|what| ("token_cache", what.as_str(), "ours", Some(1.0))).collect();
        assert!(judged("Upstream calls of a stampede", &rows(&all)).is_held());
        all[4].3 = Some(2.0);
        assert_eq!(judged("Upstream calls of a stampede", &rows(&all)).verdict(), "missed");
        all.pop();
        assert_eq!(judged("Upstream calls of a stampede", &rows(&all)).verdict(), "not measured");
    }
}
