//! A certificate's thumbprint, as portals and scripts show it.

use std::{fmt, str::FromStr};

/// The hash of a certificate: the name by which Entra finds it.
///
/// Read from 40 hexadecimal digits (SHA-1) or 64 (SHA-256); spaces and colons between them are ignored.
///
/// ```
/// use mcp_obo::credential::Thumbprint;
///
/// let shown: Thumbprint = "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D".parse()?;
/// assert!(matches!(shown, Thumbprint::Sha1(_)));
/// # Ok::<_, mcp_obo::credential::ThumbprintError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Thumbprint {
    /// Of SHA-1: what Entra's portal shows, and good for RS256 only.
    Sha1([u8; 20]),
    /// Of SHA-256.
    Sha256([u8; 32]),
}

/// A thumbprint that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a thumbprint is 40 hexadecimal digits (SHA-1) or 64 (SHA-256)")]
pub struct ThumbprintError;

impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Windows' certificate dialogue puts a left-to-right mark before what is copied from it.
        let is_noise = |c: &char| c.is_whitespace() || matches!(c, ':' | '\u{200e}');
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !is_noise(c))
            .take(65)
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(ThumbprintError))
            .collect::<Result<_, _>>()?;
        match digits.len() {
            40 => Ok(Self::Sha1(packed(&digits))),
            64 => Ok(Self::Sha256(packed(&digits))),
            _ => Err(ThumbprintError),
        }
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match self {
            Self::Sha1(bytes) => bytes.as_slice(),
            Self::Sha256(bytes) => bytes,
        };
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

fn packed<const N: usize>(digits: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().fold(0, |sum, digit| sum << 4 | digit);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "A9993E364706816ABA3E25717850C26C9CD0D89D";

    #[test]
    fn thumbprints_are_read_as_people_copy_them() {
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (name, given) in [
            ("plain", SHA1.to_owned()),
            ("lower case", SHA1.to_lowercase()),
            ("colons, as openssl prints", format!(" {}\n", pairs(SHA1, ":"))),
            ("spaces, as Windows shows", pairs(SHA1, " ")),
            ("Windows' invisible mark", format!("\u{200e}{SHA1}")),
        ] {
            assert_eq!(given.parse::<Thumbprint>().map(|read| read.to_string()), Ok(SHA1.to_owned()), "{name}");
        }
        assert_eq!(sha256.parse::<Thumbprint>().unwrap().to_string(), sha256.to_uppercase());
    }

    #[test]
    fn anything_else_is_no_thumbprint() {
        for given in
            ["", " ", ":", "abc", &SHA1[1..], &format!("{SHA1}0"), &SHA1.replace('A', "G"), &"0".repeat(10_000)]
        {
            assert_eq!(given.parse::<Thumbprint>(), Err(ThumbprintError), "{given:.50}");
        }
    }

    fn pairs(digits: &str, between: &str) -> String {
        let pairs: Vec<_> = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap()).collect();
        pairs.join(between)
    }
}
