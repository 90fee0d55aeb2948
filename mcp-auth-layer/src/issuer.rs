//! Which `iss` belongs to which `tid`.

use crate::{authority::Endpoints, claims::Claims, reject::TokenFault};

/// Decides whether the token was issued by this tenant.
///
/// `iss` must be, byte for byte, the v2 or the v1 issuer that discovery gave, `tid` must be that tenant, and a `ver` claim
/// must not contradict the issuer's generation (Entra: the *resource's* registration decides the generation, so one service
/// sees both).
pub(crate) fn check(claims: &Claims, endpoints: &Endpoints) -> Result<(), TokenFault> {
    let generation = if claims.issuer() == endpoints.issuer_v2() {
        "2.0"
    } else if claims.issuer() == endpoints.issuer_v1() {
        "1.0"
    } else {
        return Err(TokenFault::WrongIssuer);
    };
    if claims.get("ver").is_some_and(|ver| ver != generation) {
        return Err(TokenFault::WrongIssuer);
    }
    match claims.tenant() {
        Some(tid) if tid == endpoints.tenant() => Ok(()),
        _ => Err(TokenFault::WrongTenant),
    }
}
