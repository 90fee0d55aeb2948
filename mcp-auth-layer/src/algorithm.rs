//! Signature algorithms (RFC 7518 section 3, RFC 8037): which exist here, and which an issuer may use.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, VerificationAlgorithm,
};

use crate::config::ConfigError;

/// A signature algorithm, by its name in a JWS header.
///
/// There is no HMAC and no `none` among them: a service that could check an HMAC could also forge the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, the only one that Entra uses.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519 (RFC 8037 section 3.1).
    EdDsa,
}

/// What a key must be for an algorithm.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// An RSA key, checked with these parameters.
    Rsa(&'static RsaParameters),
    /// A key on one curve.
    Curve(&'static dyn VerificationAlgorithm),
}

impl Algorithm {
    /// Every algorithm that can be checked here.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// Returns the name in a JWS header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Finds the algorithm of this name, spelled exactly.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Rs256 => Kind::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Kind::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Kind::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Kind::Rsa(&RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Kind::Rsa(&RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Kind::Rsa(&RSA_PSS_2048_8192_SHA512),
            Self::Es256 => Kind::Curve(&ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Kind::Curve(&ECDSA_P384_SHA384_FIXED),
            Self::Es512 => Kind::Curve(&ECDSA_P521_SHA512_FIXED),
            Self::EdDsa => Kind::Curve(&ED25519),
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The algorithms that an issuer may use; never empty, and decided by configuration, never by a token (RFC 8725 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Algorithms(u16);

impl Algorithms {
    /// RS256 alone.
    pub const RS256: Self = Self(Algorithm::Rs256.bit());

    /// Allows these algorithms.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list.
    pub fn new(allowed: impl IntoIterator<Item = Algorithm>) -> Result<Self, ConfigError> {
        match allowed.into_iter().fold(0, |bits, one| bits | one.bit()) {
            0 => Err(ConfigError::Empty { what: "the list of signature algorithms" }),
            bits => Ok(Self(bits)),
        }
    }

    /// Tells whether an algorithm is allowed.
    #[must_use]
    pub const fn allow(self, algorithm: Algorithm) -> bool {
        self.0 & algorithm.bit() != 0
    }

    /// Returns the algorithms.
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.into_iter().filter(move |one| self.allow(*one))
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_lead_back() {
        for one in Algorithm::ALL {
            assert_eq!(Algorithm::of_name(one.name()), Some(one));
        }
        for strange in ["", "none", "None", "HS256", "HS384", "HS512", "rs256", "RS256 ", "ES256K", "RSA-OAEP", "dir"] {
            assert_eq!(Algorithm::of_name(strange), None, "{strange}");
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_is_never_empty() {
        assert!(Algorithms::new([]).is_err());
        for one in Algorithm::ALL {
            let alone = Algorithms::new([one]).unwrap();
            assert_eq!(alone.iter().collect::<Vec<_>>(), [one]);
        }
        let two = Algorithms::new([Algorithm::Es256, Algorithm::Rs256]).unwrap();
        assert_eq!(format!("{two:?}"), "{Rs256, Es256}");
        assert_eq!(Algorithms::RS256.or(Algorithms::new([Algorithm::Es256]).unwrap()), two);
    }
}
