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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cloud::Cloud,
        tenant::TenantId,
        testtenant::{OTHER_TENANT, TENANT},
    };
    use serde_json::json;

    #[test]
    fn issuer_tenant_and_version_must_belong_together() {
        let endpoints = Endpoints::documented(Cloud::Public, TenantId::parse(TENANT).unwrap());
        let (v2, v1) = (endpoints.issuer_v2(), endpoints.issuer_v1());
        for (name, claims, expected) in [
            ("v2", json!({"iss": v2, "tid": TENANT, "ver": "2.0"}), Ok(())),
            ("v1", json!({"iss": v1, "tid": TENANT, "ver": "1.0"}), Ok(())),
            ("no version", json!({"iss": v2, "tid": TENANT}), Ok(())),
            ("no tenant", json!({"iss": v2}), Err(TokenFault::WrongTenant)),
            ("a tenant that is no GUID", json!({"iss": v2, "tid": "contoso.example"}), Err(TokenFault::WrongTenant)),
            ("another tenant", json!({"iss": v1, "tid": OTHER_TENANT}), Err(TokenFault::WrongTenant)),
            ("v2 that says v1", json!({"iss": v2, "tid": TENANT, "ver": "1.0"}), Err(TokenFault::WrongIssuer)),
            ("v1 that says v2", json!({"iss": v1, "tid": TENANT, "ver": "2.0"}), Err(TokenFault::WrongIssuer)),
            ("no version but a null", json!({"iss": v2, "tid": TENANT, "ver": null}), Err(TokenFault::WrongIssuer)),
        ] {
            let mut payload = claims;
            payload["aud"] = json!("a");
            payload["exp"] = json!(1);
            let claims = Claims::parse(payload.to_string().as_bytes()).unwrap();
            assert_eq!(check(&claims, &endpoints), expected, "{name}");
        }
    }
}
