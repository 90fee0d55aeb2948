//! Which `iss` belongs to which `tid`, and whose tokens count.

use std::collections::BTreeSet;

use crate::{authority::Endpoints, claims::Claims, reject::TokenFault, template::Template, tenant::TenantId};

/// The tenant of all personal Microsoft accounts.
pub(crate) const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Whose tokens count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tenants {
    /// Those of the one tenant of the authority.
    Sole,
    /// Those of these organisations; never empty, and without personal accounts.
    Listed(BTreeSet<TenantId>),
    /// Those of any organisation.
    AnyOrganization,
    /// Those of any organisation, and of personal accounts.
    AnyAccount,
}

impl Tenants {
    fn allow(&self, tenant: &TenantId, endpoints: &Endpoints) -> bool {
        match self {
            Self::Sole => endpoints.tenant() == Some(tenant),
            Self::Listed(listed) => listed.contains(tenant),
            Self::AnyOrganization => !tenant.is(PERSONAL_ACCOUNTS),
            Self::AnyAccount => true,
        }
    }
}

/// Decides whether the token was issued by a tenant whose tokens count.
///
/// `tid` must be a GUID, and `iss`, byte for byte, the v2 or the v1 issuer of that tenant, by the names that discovery gave. A
/// `ver` claim must not contradict the issuer's generation (Entra: the *resource's* registration decides the generation, so
/// one service sees both).
pub(crate) fn check(claims: &Claims, endpoints: &Endpoints, tenants: &Tenants) -> Result<(), TokenFault> {
    let tenant = claims.tenant();
    let (v2, v1) = endpoints.issuers();
    let generation = if names(v2, tenant, claims.issuer()) {
        "2.0"
    } else if v1.is_some_and(|v1| names(v1, tenant, claims.issuer())) {
        "1.0"
    } else {
        return Err(TokenFault::WrongIssuer);
    };
    if !claims.is_of_version(generation) {
        return Err(TokenFault::WrongIssuer);
    }
    match tenant {
        Some(tenant) if tenants.allow(tenant, endpoints) => Ok(()),
        _ => Err(TokenFault::WrongTenant),
    }
}

/// Tells whether an issuer is the one of this template; one with a place for the tenant names nobody without a tenant.
fn names(template: &Template, tenant: Option<&TenantId>, issuer: &str) -> bool {
    match tenant {
        Some(tenant) => template.is(tenant, issuer),
        None => template.is_literal() && template.as_str() == issuer,
    }
}

/// Tells whether a token with these claims speaks of this authority, truly or not.
pub(crate) fn is_claimed(claims: &Claims, endpoints: &Endpoints) -> bool {
    let (v2, v1) = endpoints.issuers();
    v1.into_iter().chain([v2]).any(|issuer| names(issuer, claims.tenant(), claims.issuer()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cloud::Cloud,
        testtenant::{OTHER_TENANT, TENANT},
    };
    use serde_json::{Value, json};

    fn checked(claims: Value, endpoints: &Endpoints, tenants: &Tenants) -> Result<(), TokenFault> {
        let mut payload = claims;
        payload["aud"] = json!("a");
        payload["exp"] = json!(1);
        check(&Claims::parse(payload.to_string().as_bytes()).unwrap(), endpoints, tenants)
    }

    #[test]
    fn issuer_tenant_and_version_must_belong_together() {
        let endpoints = Endpoints::documented(Cloud::Public, TenantId::parse(TENANT).unwrap());
        let (v2, v1) = (endpoints.issuer_v2(), endpoints.issuer_v1().unwrap());
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
            assert_eq!(checked(claims, &endpoints, &Tenants::Sole), expected, "{name}");
        }
    }

    #[test]
    fn among_many_tenants_issuer_and_tenant_still_belong_together() {
        let endpoints = Endpoints::documented_for_organizations(Cloud::Public);
        let v2 = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let v1 = |tenant: &str| format!("https://sts.windows.net/{tenant}/");
        let listed = Tenants::Listed([TenantId::parse(TENANT).unwrap()].into());
        let (any, all) = (Tenants::AnyOrganization, Tenants::AnyAccount);
        let personal = PERSONAL_ACCOUNTS;
        for (name, issuer, tenant, tenants, expected) in [
            ("listed, v2", v2(TENANT), TENANT, &listed, Ok(())),
            ("listed, v1", v1(TENANT), TENANT, &listed, Ok(())),
            ("not listed", v2(OTHER_TENANT), OTHER_TENANT, &listed, Err(TokenFault::WrongTenant)),
            ("another's issuer", v2(OTHER_TENANT), TENANT, &listed, Err(TokenFault::WrongIssuer)),
            ("another's v1 issuer", v1(OTHER_TENANT), TENANT, &any, Err(TokenFault::WrongIssuer)),
            ("another's tenant", v2(TENANT), OTHER_TENANT, &any, Err(TokenFault::WrongIssuer)),
            ("any organisation", v2(OTHER_TENANT), OTHER_TENANT, &any, Ok(())),
            ("the template itself", v2("{tenantid}"), TENANT, &any, Err(TokenFault::WrongIssuer)),
            ("the template as its own tenant", v2("{tenantid}"), "{tenantid}", &any, Err(TokenFault::WrongIssuer)),
            ("the segment", v2("organizations"), "organizations", &any, Err(TokenFault::WrongIssuer)),
            ("a domain", v2("contoso.example"), "contoso.example", &any, Err(TokenFault::WrongIssuer)),
            ("personal account", v2(personal), personal, &any, Err(TokenFault::WrongTenant)),
            ("personal account, not listed", v2(personal), personal, &listed, Err(TokenFault::WrongTenant)),
            ("personal account, wanted", v2(personal), personal, &all, Ok(())),
        ] {
            assert_eq!(checked(json!({"iss": issuer, "tid": tenant}), &endpoints, tenants), expected, "{name}");
        }
        assert_eq!(checked(json!({"iss": v2(TENANT)}), &endpoints, &any), Err(TokenFault::WrongIssuer));
    }

    #[test]
    fn a_cloud_that_names_no_v1_issuer_has_no_v1_tokens() {
        let endpoints = Endpoints::documented(Cloud::France, TenantId::parse(TENANT).unwrap());
        assert_eq!(endpoints.issuer_v1(), None);
        let v1 = json!({"iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT});
        assert_eq!(checked(v1, &endpoints, &Tenants::Sole), Err(TokenFault::WrongIssuer));
    }
}
