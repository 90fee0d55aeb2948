//! In which order users come.

use std::iter;

use fastrand::Rng;

/// Draws users: all alike, or some far more often than others.
///
/// The same arguments draw the same users: whoever is compared serves the same calls.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// The sum of the shares up to each rank; empty where all are alike.
    sums: Vec<f64>,
    /// Which user has which rank: neighbours in memory must not be neighbours in rank.
    users: Vec<u32>,
    random: Rng,
}

impl Crowd {
    /// Draws each user as often as any other.
    ///
    /// # Panics
    /// When there are more than four thousand million.
    #[must_use]
    pub fn uniform(users: usize) -> Self {
        let mut random = Rng::with_seed(7);
        let mut users: Vec<_> = (0..u32::try_from(users).expect("so many fit into the memory")).collect();
        random.shuffle(&mut users);
        Self { sums: Vec::new(), users, random }
    }

    /// Draws the user of rank r in proportion to `r^-exponent`, as traffic of people has it.
    #[must_use]
    pub fn zipf(users: usize, exponent: f64) -> Self {
        let sums = (1..=users).scan(0.0, |sum, rank| {
            *sum += (rank as f64).powf(-exponent);
            Some(*sum)
        });
        Self { sums: sums.collect(), ..Self::uniform(users) }
    }

    /// Returns the next so many users, by number.
    pub fn draw(&mut self, many: usize) -> Vec<u32> {
        iter::repeat_with(|| self.one()).take(many).collect()
    }

    fn one(&mut self) -> u32 {
        let rank = self.rank();
        self.users[rank]
    }

    /// Returns the rank of the next user; 0 is that of the most frequent.
    pub(crate) fn rank(&mut self) -> usize {
        let Some(all) = self.sums.last() else { return self.random.usize(..self.users.len()) };
        let drawn = self.random.f64() * all;
        self.sums.partition_point(|sum| *sum <= drawn).min(self.users.len() - 1)
    }

    /// Returns which share of the draws the most frequent `users` make: what a cache of that size hits at best.
    #[must_use]
    pub fn share_of(&self, users: usize) -> f64 {
        match (self.sums.last(), self.sums.get(users.saturating_sub(1))) {
            _ if users == 0 => 0.0,
            (Some(all), Some(sum)) => sum / all,
            (None, _) => (users as f64 / self.users.len() as f64).min(1.0),
            (Some(_), None) => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_users_make_most_of_a_zipf_crowd() {
        let mut crowd = Crowd::zipf(1_000, 0.99);
        let mut counts = vec![0_u32; 1_000];
        for user in crowd.draw(100_000) {
            counts[user as usize] += 1;
        }
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let drawn = f64::from(counts[..100].iter().sum::<u32>()) / 100_000.0;
        let expected = crowd.share_of(100);
        assert!((drawn - expected).abs() < 0.01, "{drawn} {expected}");
        assert!((0.6..0.8).contains(&expected), "{expected}");
        assert_eq!((crowd.share_of(0), crowd.share_of(1_000), crowd.share_of(2_000)), (0.0, 1.0, 1.0));
    }

    #[test]
    fn a_uniform_crowd_has_no_favourites_and_is_the_same_each_time() {
        let drawn = Crowd::uniform(100).draw(100_000);
        assert_eq!(drawn, Crowd::uniform(100).draw(100_000));
        for user in 0..100 {
            let times = drawn.iter().filter(|one| **one == user).count();
            assert!((800..1_200).contains(&times), "{user}: {times}");
        }
        assert_eq!(Crowd::uniform(100).share_of(10), 0.1);
    }
}
