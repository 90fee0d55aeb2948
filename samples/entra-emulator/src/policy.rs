//! What Entra holds against a user's token for Graph: consent, Conditional Access, the account itself.

use crate::{
    challenge::{self, Evaluation},
    error::EntraError,
    fault::Fault,
    user::{Condition, User},
};

/// Judges a user's session; `claims` is what the request itself presents.
///
/// A challenge that was met belongs to the sign-in session. Presenting its claims to the token endpoint meets nothing.
pub(crate) fn judge(user: &User, met: Evaluation, claims: Option<&str>, now: i64) -> Result<(), EntraError> {
    match user.condition {
        Condition::Disabled => Err(EntraError::new(50057)),
        Condition::NoConsent => Err(EntraError::new(65001).with_suberror("consent_required")),
        Condition::Mfa(error) if !met.mfa => {
            Err(EntraError::new(50076).with_suberror("basic_action").with_claims(&challenge::mfa()).with_error(error))
        }
        Condition::Cae if Evaluation::of(claims).continuous && !met.continuous => Err(EntraError::new(50173)
            .with_suberror("bad_token")
            .with_claims(&challenge::continuous(now))
            .with_error("interaction_required")),
        Condition::Blocked => Err(EntraError::new(53003).with_suberror("message_only")),
        _ => Ok(()),
    }
}

/// The trouble that some users have by their name.
pub(crate) const fn standing(condition: Condition) -> Option<Fault> {
    match condition {
        Condition::Throttled => Some(Fault::Throttled(30)),
        Condition::Unavailable => Some(Fault::Unavailable),
        Condition::Slow => Some(Fault::Slow(2_000)),
        _ => None,
    }
}
