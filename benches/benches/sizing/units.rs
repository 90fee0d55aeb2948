//! Numbers as people read them.

/// Writes a number with commas between thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes bytes in decimal units.
pub(crate) fn bytes(number: usize) -> String {
    let mega = number as f64 / 1e6;
    if mega < 1e4 { format!("{} MB", rate(mega)) } else { format!("{} GB", rate(mega / 1e3)) }
}

/// Writes a positive number with two digits at least.
pub(crate) fn rate(number: f64) -> String {
    if number < 1.0 {
        format!("{number:.2}")
    } else if number < 10.0 {
        format!("{number:.1}")
    } else {
        grouped(number.round() as usize)
    }
}
