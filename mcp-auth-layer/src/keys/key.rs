//! One verification key, parsed once, with the rules that came with it.

use std::fmt;

use aws_lc_rs::signature::ParsedPublicKey;

use crate::{algorithm::Algorithm, claims::Claims, reject::TokenFault, template::Template};

/// A public key, parsed once, with the rules that came with it.
pub struct VerifyingKey {
    /// The same key for each algorithm that the policy and the key allow; an RSA key can have several.
    forms: Vec<(Algorithm, ParsedPublicKey)>,
    /// Whose tokens it may sign: Entra's per-key `issuer` member.
    issuer: Option<Template>,
}

/// What a key without an `issuer` member may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// The tokens of the one issuer in whose document it stands.
    ForTheIssuer,
    /// Nothing: the document belongs to many issuers.
    ForNobody,
}

impl VerifyingKey {
    pub(super) fn new(forms: Vec<(Algorithm, ParsedPublicKey)>, issuer: Option<&str>) -> Self {
        Self { forms, issuer: issuer.map(Template::new) }
    }

    /// Tells whether this is the same key under the same rules.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same = |(one, other): (&(Algorithm, ParsedPublicKey), &(Algorithm, ParsedPublicKey))| {
            one.0 == other.0 && one.1.as_ref() == other.1.as_ref()
        };
        self.issuer == other.issuer
            && self.forms.len() == other.forms.len()
            && self.forms.iter().zip(&other.forms).all(same)
    }

    /// Checks a signature over `message`.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), TokenFault> {
        let form = self.forms.iter().find(|(known, _)| *known == algorithm);
        let (_, key) = form.ok_or(TokenFault::Algorithm)?;
        key.verify_sig(message, signature).map_err(|_| TokenFault::Signature)
    }

    /// Checks that the key may sign for the issuer of these claims.
    ///
    /// `issuer_v2` is the v2 name of the token's issuer: keys carry v2 names, and sign v1 tokens too.
    pub(crate) fn check_issuer(&self, claims: &Claims, issuer_v2: &str, unnamed: Unnamed) -> Result<(), TokenFault> {
        let is = |issuer: &str| match (&self.issuer, unnamed) {
            (None, Unnamed::ForTheIssuer) => Ok(true),
            (None, Unnamed::ForNobody) => Ok(false),
            (Some(named), _) if named.is_literal() => Ok(named.as_str().eq_ignore_ascii_case(issuer)),
            (Some(named), _) => Ok(named.is_in_any_case(claims.tenant().ok_or(TokenFault::WrongTenant)?, issuer)),
        };
        if is(claims.issuer())? || is(issuer_v2)? { Ok(()) } else { Err(TokenFault::KeyOfAnotherIssuer) }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self.forms.iter().map(|(algorithm, _)| algorithm).collect();
        f.debug_struct("VerifyingKey")
            .field("algorithms", &algorithms)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
