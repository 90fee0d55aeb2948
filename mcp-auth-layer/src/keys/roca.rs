//! Recognises RSA keys made by a faulty smart-card library (CVE-2017-15361, "ROCA"), which can be factored.
//!
//! The primes of such keys are powers of 65537 modulo many small primes at once, and so are their products. A sound modulus
//! has that property with a probability below 2^-100.

/// The primes modulo which the test is made, as in the published detector (Nemec et al., ACM CCS 2017).
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

const GENERATOR: u32 = 65_537;

/// Tells whether a modulus, big-endian, has the fingerprint.
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power(remainder(modulus, *prime), *prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |left, byte| ((left << 8) | u32::from(*byte)) % prime)
}

/// Tells whether `value` is a power of the generator modulo `prime`.
fn is_power(value: u32, prime: u32) -> bool {
    let step = GENERATOR % prime;
    let powers = std::iter::successors(Some(1), |power| Some(power * step % prime));
    // The powers repeat after `prime - 1` of them at the latest.
    powers.take(prime as usize).any(|power| power == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_the_generator_has_the_fingerprint_and_its_neighbours_have_not() {
        // 65537 to the 16th, multiplied out; no key, but what the faulty primes look like to the test.
        let mut number = vec![1_u8];
        for _ in 0..16 {
            let mut shifted = number.clone();
            shifted.extend([0, 0]);
            let padded = [vec![0; 2], number].concat();
            number = add(&shifted, &padded);
        }
        assert!(has_fingerprint(&number));
        *number.last_mut().unwrap() ^= 2;
        assert!(!has_fingerprint(&number));
    }

    #[test]
    fn a_remainder_is_that_of_the_whole_number() {
        for (number, prime, expected) in [(&[0xff, 0xff][..], 167, 65_535 % 167), (&[1, 0, 0], 3, 1), (&[], 5, 0)] {
            assert_eq!(remainder(number, prime), expected);
        }
    }

    fn add(left: &[u8], right: &[u8]) -> Vec<u8> {
        let mut carry = 0;
        let mut sum: Vec<u8> = left
            .iter()
            .rev()
            .zip(right.iter().rev())
            .map(|(left, right)| {
                let total = u16::from(*left) + u16::from(*right) + carry;
                carry = total >> 8;
                total as u8
            })
            .collect();
        sum.push(carry as u8);
        sum.reverse();
        sum
    }
}
