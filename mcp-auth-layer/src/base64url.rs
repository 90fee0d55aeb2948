//! The parts of a signed text as bytes: base64url without padding and without stray bits (RFC 7515 section 2, RFC 4648 section 5).
//!
//! A new token spends a fifth of what is not cryptography here, so it is done many letters at once where the processor can. What
//! such an engine takes and what it makes of it is compared with the plain one by the test below, letter by letter.

use base64::{DecodeError, Engine as _};

/// Decodes a part and appends what it says.
pub(crate) fn decode_onto(part: &[u8], bytes: &mut Vec<u8>) -> Result<(), DecodeError> {
    engine::URL_SAFE_NO_PAD.decode_vec(part, bytes)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod engine {
    use std::sync::LazyLock;

    use base64::engine::{Simd, general_purpose::NO_PAD};

    /// Asks the processor once what it can do.
    pub(super) static URL_SAFE_NO_PAD: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod engine {
    pub(super) use base64::engine::general_purpose::URL_SAFE_NO_PAD;
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn ours(part: &[u8]) -> Result<Vec<u8>, DecodeError> {
        let mut bytes = b"before".to_vec();
        decode_onto(part, &mut bytes).map(|()| bytes.split_off(6))
    }

    #[test]
    fn every_byte_at_every_place_is_taken_or_refused_as_by_the_plain_engine() {
        // Longer than two blocks of any engine, with every kind of end.
        for length in 128..132 {
            let good: Vec<u8> = b"azAZ09-_".iter().copied().cycle().take(length).collect();
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut part = good.clone();
                    part[place] = byte;
                    assert_eq!(ours(&part), URL_SAFE_NO_PAD.decode(&part), "{byte} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn every_length_is_decoded_as_by_the_plain_engine() {
        for length in 0..600 {
            let bytes: Vec<u8> = (0..length).map(|at: usize| (at * 151 + at / 256) as u8).collect();
            let part = URL_SAFE_NO_PAD.encode(&bytes);
            assert_eq!(ours(part.as_bytes()), Ok(bytes), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(ours(URL_SAFE_NO_PAD.encode(&bytes).as_bytes()), Ok(bytes));
        }

        #[test]
        fn any_letters_are_taken_or_refused_as_by_the_plain_engine(part in "[A-Za-z0-9_+/=. -]{0,300}") {
            prop_assert_eq!(ours(part.as_bytes()), URL_SAFE_NO_PAD.decode(&part));
        }
    }
}
