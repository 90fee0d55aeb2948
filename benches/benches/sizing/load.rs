//! How many exchanges per second a number of users makes; arithmetic, nothing measured.

/// Entra draws the life of an access token between these minutes.
pub(crate) const LIFE: (f64, f64) = (60.0, 90.0);

/// A token serves until this long before its end.
pub(crate) const MARGIN: f64 = 5.0;

/// It is renewed from this long before that on, spread over a fifth of it.
pub(crate) const WINDOW: f64 = 5.0;

/// The replicas of the examples.
pub(crate) const REPLICAS: f64 = 20.0;

/// In how many seconds everybody is back after a cold start, in the examples.
pub(crate) const RETURN: f64 = 300.0;

/// Returns the mean life of a token in minutes.
pub(crate) const fn mean_life() -> f64 {
    f64::midpoint(LIFE.0, LIFE.1)
}

/// Returns how many exchanges one caller's token takes if its user never pauses.
///
/// One when it comes, and one more when the downstream token's use ends first. Both lives are drawn alike: with a width of
/// `w` minutes the difference exceeds the margin `m` with the probability (w - m)² / 2w².
pub(crate) fn per_caller_token() -> f64 {
    let width = LIFE.1 - LIFE.0;
    let outlives = (width - MARGIN).powi(2) / (2.0 * width.powi(2));
    2.0 - outlives
}

/// Returns the minutes between two exchanges under one long caller's token, without a renewal and with it.
pub(crate) const fn between() -> (f64, f64) {
    let served = mean_life() - MARGIN;
    (served, served - WINDOW - WINDOW / 10.0)
}

/// Returns the exchanges per second of so many users, each of whom causes `each` in a token's life.
pub(crate) fn per_second(users: f64, each: f64) -> f64 {
    users * each / (mean_life() * 60.0)
}
