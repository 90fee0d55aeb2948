//! A text as a JSON string, in a third of the time that serde_json takes.
//!
//! JSON inside of JSON has an escape for each of its quotes, hundreds in a result. serde_json looks at each byte by itself.

/// Writes a text as a JSON string, the same as serde_json does.
pub(crate) fn write(whole: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    // Without an early end, so that the compiler looks at many bytes at once. Services write JSON in one line; a text of several
    // lines has more kinds of escapes than two.
    let least = text.bytes().fold(u8::MAX, u8::min);
    if least < b' ' {
        return serde_json::to_writer(whole, text);
    }
    let bytes = text.as_bytes();
    let mut written = 0;
    let mut at = 0;
    whole.push(b'"');
    while let Some(place) = next_special(bytes, at) {
        whole.extend_from_slice(&bytes[written..place]);
        whole.push(b'\\');
        (written, at) = (place, place + 1);
    }
    whole.extend_from_slice(&bytes[written..]);
    whole.push(b'"');
    Ok(())
}

/// Finds the first quote or backslash from `at` on. They stand too close for memchr, which is made for long ways.
fn next_special(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(&word) = bytes[at..].first_chunk() {
        // The lowest byte comes first.
        let word = u64::from_le_bytes(word);
        let special = zeros(word ^ each(b'"')) | zeros(word ^ each(b'\\'));
        if special != 0 {
            return Some(at + special.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let last = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\'));
    last.map(|place| at + place)
}

/// Eight of this byte.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Sets the highest bit of each byte that is zero. A byte above such a one may have it, too, without being zero; so only the
/// lowest of all bits that are set counts.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(each(1)) & !word & each(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut whole = b"before".to_vec();
        write(&mut whole, text).unwrap();
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn a_text_is_written_as_serde_json_writes_it() {
        let odd: String = (0..=0x2fff).filter_map(char::from_u32).chain(['\u{1F600}', char::MAX]).collect();
        for text in ["", "plain", "a\nb \"c\"", "\u{1f}", "\u{7f}\u{80}\"", &odd, &odd[32..], &odd[33..]] {
            assert_eq!(written(text), format!("before{}", serde_json::to_string(text).unwrap()));
        }
    }

    #[test]
    fn each_place_of_each_word_is_looked_at() {
        for length in 0..=18 {
            for escaped in 0..1_u32 << length.min(10) {
                // What stands beside a quote and a backslash in the table, and what their bits look like with others set.
                let plain = ['!', '#', '[', ']', 'a', ' ', '\u{a2}', '\u{dc}'];
                let one = |place: u32| match escaped >> (place % 10) & 1 {
                    0 => plain[(place + escaped) as usize % plain.len()],
                    _ => ['"', '\\'][(place + escaped) as usize / 2 % 2],
                };
                let text: String = (0..length).map(one).collect();
                assert_eq!(written(&text), format!("before{}", serde_json::to_string(&text).unwrap()));
            }
        }
    }
}
