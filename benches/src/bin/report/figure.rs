//! Figures as people read them.

use benches::rows::Unit;

/// Writes a figure with its unit; times in the unit that suits them.
pub(crate) fn written(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ns => time(value),
        Unit::Us => time(value * 1e3),
        Unit::Ms => time(value * 1e6),
        Unit::PerSecond => format!("{}/s", number(value)),
        Unit::Allocations => number(value),
        Unit::Instructions | Unit::Calls => number(value),
        Unit::Bytes => format!("{} B", number(value)),
        Unit::Megabytes => format!("{} MB", number(value)),
        Unit::Percent => format!("{value:.1} %"),
        _ => number(value),
    }
}

/// Writes nanoseconds.
fn time(ns: f64) -> String {
    match ns {
        _ if ns < 1e4 => format!("{} ns", number(ns)),
        _ if ns < 1e7 => format!("{} µs", number(ns / 1e3)),
        _ => format!("{} ms", number(ns / 1e6)),
    }
}

/// Writes a number with three digits at least, and commas between thousands.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size == 0.0 => "0".to_owned(),
        _ if size < 0.01 => format!("{value:.4}"),
        _ if size < 1.0 => trimmed(&format!("{value:.3}")),
        _ if size < 10.0 => trimmed(&format!("{value:.2}")),
        _ if size < 100.0 => trimmed(&format!("{value:.1}")),
        _ => grouped(value),
    }
}

/// Leaves out zeros after the point that say nothing.
fn trimmed(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit_that_suits_them() {
        for (value, unit, expected) in [
            (541.6, Unit::Ns, "542 ns"),
            (9_999.4, Unit::Ns, "9,999 ns"),
            (16_070.0, Unit::Ns, "16.1 µs"),
            (1_078.0, Unit::Ms, "1,078 ms"),
            (0.0, Unit::Allocations, "0"),
            (6.0, Unit::Allocations, "6"),
            (1.0, Unit::Calls, "1"),
            (7_400.0, Unit::PerSecond, "7,400/s"),
            (0.95, Unit::Ratio, "0.95"),
            (0.025, Unit::Ratio, "0.025"),
            (0.0012, Unit::Ratio, "0.0012"),
            (20.0, Unit::Ratio, "20"),
            (79.84, Unit::Percent, "79.8 %"),
            (-1_234_567.0, Unit::Bytes, "-1,234,567 B"),
        ] {
            assert_eq!(written(value, unit), expected);
        }
    }
}
