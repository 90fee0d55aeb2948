//! Assertions of another issuer that Entra trusts for this app (workload identity federation).
//!
//! They are ours to present, so nothing of them is verified here; only `exp` is read, because a proof that has ended, or is
//! blank, is never sent.

mod callback;
mod fault;
#[cfg(feature = "azure-identity")]
mod managed;
#[cfg(test)]
mod tests;
mod workload;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use mcp_auth_layer::clock::UnixTime;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

#[cfg(feature = "azure-identity")]
pub use self::managed::ManagedIdentity;
pub use self::{
    callback::{AssertionRequest, FederatedAssertion},
    fault::FederationFault,
    workload::WorkloadIdentity,
};
use super::ClientAuth;
use crate::kept::Kept;

/// An assertion that is made again before its end.
type KeptAssertion = Kept<SecretString, FederationFault>;

/// Several times the longest token that a cluster or a managed identity issues.
const LONGEST: usize = 64 * 1024;

/// Takes an assertion that is good at `now`, with its end.
fn presentable(jwt: &SecretString, now: UnixTime) -> Result<(SecretString, UnixTime), FederationFault> {
    let jwt = jwt.expose_secret().trim();
    if jwt.is_empty() {
        return Err(FederationFault::Empty);
    }
    if jwt.len() > LONGEST {
        return Err(FederationFault::TooLarge { limit: LONGEST });
    }
    let end = end_of(jwt).ok_or(FederationFault::NotAJwt)?;
    if end <= now { Err(FederationFault::Expired) } else { Ok((SecretString::from(jwt), end)) }
}

/// Reads `exp` (RFC 7519 section 4.1.4: seconds, perhaps with a fraction) of a JWT in its compact form.
fn end_of(jwt: &str) -> Option<UnixTime> {
    let mut parts = jwt.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let exp = claims.get("exp")?;
    // A float too large for the integer saturates, and one that is negative or no number becomes zero, which has ended.
    let seconds = exp.as_u64().or_else(|| exp.as_f64().map(|seconds| seconds as u64))?;
    Some(UnixTime::from_secs(seconds))
}

/// Drops what Entra refused; the next one is made anew.
fn spend(kept: &KeptAssertion, spent: &ClientAuth) {
    kept.spend(|jwt| ClientAuth::assertion(jwt.clone()).is_the_same(spent));
}
