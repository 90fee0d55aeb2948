//! Who a session belongs to, for every kind of caller that the bearer layer lets in.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::owner::Owner;
use crate::{
    bearer::Caller,
    claims::Claims,
    digest::TokenDigest,
    principal::{Principal, UserId},
    scope::ScopeSet,
    tenant::TenantId,
    testtenant::{OTHER_TENANT, TENANT, changed, claims, v1_claims, verifier},
    token::{BearerToken, Facts, VerifiedToken},
};

/// The owner that a verified token of these claims makes.
async fn owner(claims: &Value) -> Owner {
    let token = verifier().0.verify(BearerToken::new(&crate::testtenant::token(claims))).await.unwrap();
    Owner::of(&Caller::Verified(token))
}

/// The owner that a token of this principal makes, by whatever verifier it was found good.
fn of(claims: &Value, principal: Principal) -> Owner {
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let facts = Arc::new(Facts { claims, principal });
    Owner::of(&Caller::Verified(VerifiedToken::new(BearerToken::new("x"), TokenDigest::of(b"x"), facts)))
}

#[tokio::test]
async fn a_refreshed_token_of_one_person_through_one_client_is_one_owner() {
    let first = owner(&claims()).await;
    for (name, claims) in [
        ("refreshed", changed(&[("iat", json!(1_800_000_001)), ("exp", json!(1_800_009_000)), ("uti", json!("next"))])),
        ("with another scope", changed(&[("scp", json!("access_as_user more"))])),
        ("with a role", changed(&[("roles", json!(["r"]))])),
        ("of the other version", v1_claims()),
    ] {
        assert_eq!(owner(&claims).await, first, "{name}");
    }
    for (name, claims) in [
        ("another person", changed(&[("oid", json!("00000000-0000-0000-0000-0000000000bb"))])),
        ("another client", changed(&[("azp", json!("another"))])),
        ("no client", changed(&[("azp", Value::Null)])),
    ] {
        assert_ne!(owner(&claims).await, first, "{name}");
    }
}

#[test]
fn every_kind_of_principal_is_told_apart_by_what_names_it() {
    let tenant = |id: &str| TenantId::parse(id).unwrap();
    let user = |id: &str, scope: &str| Principal::User {
        user: UserId::new(tenant(id), "o"),
        scopes: ScopeSet::required([scope]).unwrap(),
    };
    let app = |id: &str, role: &str| Principal::App { tenant: tenant(id), roles: vec![role.to_owned()] };
    let scopes = || ScopeSet::required(["a"]).unwrap();
    let subject = |issuer: &str, subject: &str| Principal::Subject {
        issuer: issuer.into(),
        subject: subject.into(),
        scopes: scopes(),
    };
    let client = |issuer: &str, subject: &str| Principal::Client {
        issuer: issuer.into(),
        subject: subject.into(),
        scopes: scopes(),
    };
    let with = |oid: &str, azp: &str| json!({"iss": "i", "aud": "a", "exp": 1, "oid": oid, "azp": azp});
    let same = with("o", "c");
    let owners = [
        of(&same, user(TENANT, "a")),
        of(&same, user(OTHER_TENANT, "a")),
        of(&with("o", "d"), user(TENANT, "a")),
        of(&same, app(TENANT, "r")),
        of(&same, app(OTHER_TENANT, "r")),
        of(&with("p", "c"), app(TENANT, "r")),
        of(&with("o", "d"), app(TENANT, "r")),
        of(&same, subject("https://one.example", "s")),
        of(&same, subject("https://two.example", "s")),
        of(&same, subject("https://one.example", "t")),
        of(&with("o", "d"), subject("https://one.example", "s")),
        of(&same, client("https://one.example", "s")),
        of(&same, client("https://two.example", "s")),
        of(&same, client("https://one.example", "t")),
    ];
    for (at, one) in owners.iter().enumerate() {
        assert!(owners[at + 1..].iter().all(|other| other != one), "{one:?}");
    }
    assert_eq!(of(&same, user(TENANT, "b")), owners[0], "scopes change from token to token");
    assert_eq!(of(&same, app(TENANT, "q")), owners[3], "roles change from token to token");
}
