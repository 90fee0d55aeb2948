//! Proof Key for Code Exchange (RFC 7636), S256 alone: at both hops of the proxy, and where people sign in to this machine.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};
use base64::prelude::*;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A code challenge: base64url of a SHA-256 (RFC 7636 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Challenge(Box<str>);

impl Challenge {
    /// Reads a client's challenge; the method must be S256, because `plain` proves nothing to whoever sees the request.
    #[cfg(feature = "proxy")]
    pub(crate) fn read(challenge: Option<&str>, method: Option<&str>) -> Option<Self> {
        let text = challenge.filter(|text| text.len() == 43 && text.bytes().all(is_base64url))?;
        (method == Some("S256")).then(|| Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether the verifier is the one that the challenge was made of (RFC 7636 section 4.6).
    #[cfg(feature = "proxy")]
    pub(crate) fn is_met_by(&self, verifier: &str) -> bool {
        // RFC 7636 section 4.1: 43 to 128 unreserved characters.
        let is_well_formed = (43..=128).contains(&verifier.len())
            && verifier.bytes().all(|byte| is_base64url(byte) || matches!(byte, b'.' | b'~'));
        is_well_formed
            && aws_lc_rs::constant_time::verify_slices_are_equal(of(verifier).as_bytes(), self.0.as_bytes()).is_ok()
    }
}

/// A code verifier of this service's own, for the hop to Entra.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Verifier(Zeroizing<String>);

impl Verifier {
    pub(crate) fn random() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        // aws-lc ends the process rather than return without entropy.
        rand::fill(bytes.as_mut()).expect("the operating system's random source works");
        Self(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_ref())))
    }

    pub(crate) fn expose_secret(&self) -> &str {
        &self.0
    }

    pub(crate) fn challenge(&self) -> Challenge {
        Challenge(of(&self.0).into())
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(..)")
    }
}

fn of(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

#[cfg(feature = "proxy")]
fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(feature = "proxy")]
#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_s256_is_a_challenge() {
        for (name, challenge, method, expected) in [
            ("of the RFC", Some(CHALLENGE), Some("S256"), true),
            ("plain", Some(CHALLENGE), Some("plain"), false),
            ("no method, which means plain", Some(CHALLENGE), None, false),
            ("lower case", Some(CHALLENGE), Some("s256"), false),
            ("none", None, Some("S256"), false),
            ("short", Some(&CHALLENGE[1..]), Some("S256"), false),
            ("other characters", Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256"), false),
        ] {
            assert_eq!(Challenge::read(challenge, method).is_some(), expected, "{name}");
        }
    }

    #[test]
    fn a_challenge_is_met_by_its_verifier_alone() {
        let challenge = Challenge::read(Some(CHALLENGE), Some("S256")).unwrap();
        let long = "a".repeat(129);
        for (name, verifier, expected) in [
            ("of the RFC", VERIFIER, true),
            ("the challenge itself", CHALLENGE, false),
            ("another", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj", false),
            ("cut", &VERIFIER[..42], false),
            ("empty", "", false),
            ("too long", &long, false),
        ] {
            assert_eq!(challenge.is_met_by(verifier), expected, "{name}");
        }
        for (name, verifier) in [
            ("guessed in no time", "a".repeat(42)),
            ("longer than any", long),
            ("other characters", format!("{VERIFIER}+")),
        ] {
            assert!(!Challenge(of(&verifier).into()).is_met_by(&verifier), "its own challenge, but {name}");
        }
        let (one, other) = (Verifier::random(), Verifier::random());
        assert!(one.challenge().is_met_by(one.expose_secret()) && !one.challenge().is_met_by(other.expose_secret()));
        assert_eq!(format!("{one:?}"), "Verifier(..)");
    }
}
