//! Tokens of many tenants, of plain issuers, and of several issuers at once.

use bytes::Bytes;
use http::{Request, Response};

use super::*;
use crate::{
    algorithm::Algorithm,
    clock::{FixedClock, UnixTime},
    fetch::HttpClient,
    keys::FixedKeys,
    scope::ScopeHierarchy,
    testing::TestTenant,
    testtenant::{dead_network, keys},
};

const PLAIN: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://mcp.example/mcp";

fn signed(kid: &str, claims: &Value) -> BearerToken {
    BearerToken::new(&TestKey::shared().sign(&json!({"alg": "RS256", "typ": "JWT", "kid": kid}), claims))
}

async fn judged(verifier: &Verifier, token: BearerToken) -> Result<(), Rejection> {
    verifier.verify(token).await.map(drop)
}

/// An app of many tenants, over keys that say whose they are.
fn of_many(app: EntraApp) -> Verifier {
    let clock = FixedClock::at(UnixTime::from_secs(NOW));
    let endpoints = Endpoints::documented_for_organizations(crate::cloud::Cloud::Public);
    Verifier::entra(&app.with_clock(clock).with_endpoints(endpoints).unwrap()).with_keys(keys())
}

fn of_tenant(tenant: &str) -> Value {
    let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    changed(&[("iss", json!(issuer)), ("tid", json!(tenant))])
}

#[tokio::test]
async fn of_many_tenants_each_token_is_its_own_tenants_by_a_key_that_says_so() {
    use TokenFault as F;
    let listed = [crate::tenant::TenantId::parse(TENANT).unwrap()];
    let list = of_many(EntraApp::tenants_over(dead_network(), CLIENT, listed).unwrap());
    let any = of_many(EntraApp::any_organization_over(dead_network(), CLIENT).unwrap());
    let (ours, others) = (of_tenant(TENANT), of_tenant(OTHER_TENANT));
    let mixed = changed(&[("tid", json!(OTHER_TENANT))]);
    let personal = of_tenant(crate::issuer::PERSONAL_ACCOUNTS);
    for (name, verifier, kid, claims, expected) in [
        ("listed, by everybody's key", &list, KID, &ours, None),
        ("listed, v1, by a key with a v2 issuer", &list, KID, &v1_claims(), None),
        ("listed, by its own key", &list, "literal", &ours, None),
        ("listed, v1, by its own key", &list, "literal", &v1_claims(), None),
        ("not listed", &list, KID, &others, Some(F::WrongTenant)),
        ("any, another organisation", &any, KID, &others, None),
        ("any, by another tenant's key", &any, "literal", &others, Some(F::KeyOfAnotherIssuer)),
        ("any, ours by another tenant's key", &any, "foreign", &ours, Some(F::KeyOfAnotherIssuer)),
        ("any, v1 by another tenant's key", &any, "foreign", &v1_claims(), Some(F::KeyOfAnotherIssuer)),
        ("any, by a key that does not say whose it is", &any, "unrestricted", &ours, Some(F::KeyOfAnotherIssuer)),
        ("any, the tenant of one, the issuer of another", &any, KID, &mixed, Some(F::WrongIssuer)),
        ("any, a personal account", &any, KID, &personal, Some(F::WrongTenant)),
    ] {
        let verdict = judged(verifier, signed(kid, claims)).await;
        assert_eq!(verdict.err(), expected.map(Rejection::from), "{name}");
    }
}

#[tokio::test]
async fn a_key_that_names_the_v1_issuer_signs_v1_tokens_alone() {
    for (named, v2, v1) in [
        (format!("https://sts.windows.net/{TENANT}/"), false, true),
        ("https://sts.windows.net/{tenantid}/".to_owned(), false, true),
        (format!("https://sts.windows.net/{OTHER_TENANT}/"), false, false),
        ("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(), true, true),
    ] {
        let verifier = verifier().0.with_keys(plain_keys(KID, &[("issuer", json!(named))]));
        assert_eq!(judged(&verifier, signed(KID, &claims())).await.is_ok(), v2, "{named}, v2");
        assert_eq!(judged(&verifier, signed(KID, &v1_claims())).await.is_ok(), v1, "{named}, v1");
    }
}

#[tokio::test]
async fn personal_accounts_come_in_only_where_they_are_wanted() {
    let app = || EntraApp::any_organization_over(dead_network(), CLIENT).unwrap();
    assert_eq!(app().with_personal_accounts().unwrap().authority().segment(), "common");
    let one = EntraApp::single_tenant_over(dead_network(), TENANT, CLIENT).unwrap();
    assert!(one.with_personal_accounts().is_err());
    let personal = crate::tenant::TenantId::parse(crate::issuer::PERSONAL_ACCOUNTS).unwrap();
    assert!(EntraApp::tenants_over(dead_network(), CLIENT, [personal]).is_err());
    assert!(EntraApp::tenants_over(dead_network(), CLIENT, []).is_err());
}

fn plain_claims() -> Value {
    json!({"iss": PLAIN, "aud": AUDIENCE, "exp": NOW + 600, "sub": "alice", "scope": "read write", "client_id": "app"})
}

fn plain_with(name: &str, value: Value) -> Value {
    let mut claims = plain_claims();
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn plain_keys(kid: &str, more: &[(&str, Value)]) -> FixedKeys {
    let mut jwk = TestKey::shared().jwk(kid);
    for (name, value) in more {
        jwk[*name] = value.clone();
    }
    FixedKeys::from_jwks(&json!({"keys": [jwk]}).to_string()).unwrap()
}

fn plain_issuer(kid: &str) -> OidcIssuer {
    let issuer = OidcIssuer::over(dead_network(), PLAIN, AUDIENCE).unwrap();
    issuer.with_keys(plain_keys(kid, &[])).with_clock(FixedClock::at(UnixTime::from_secs(NOW)))
}

#[tokio::test]
async fn a_plain_issuer_is_known_by_its_exact_name_and_its_tokens_are_for_us() {
    use TokenFault as F;
    let verifier = Verifier::oidc(&plain_issuer("k"));
    for (name, claims, expected) in [
        ("good", plain_claims(), None),
        ("a client by itself", plain_with("client_id", json!("alice")), None),
        ("scope as a list", plain_with("scp", json!(["read"])), None),
        ("our name among several", plain_with("aud", json!(["x", AUDIENCE])), None),
        ("without its slash", plain_with("iss", json!("https://issuer.example")), Some(F::WrongIssuer)),
        ("in another case", plain_with("iss", json!("https://ISSUER.example/")), Some(F::WrongIssuer)),
        ("another audience", plain_with("aud", json!("https://other.example")), Some(F::WrongAudience)),
        (
            "Graph beside us",
            plain_with("aud", json!([AUDIENCE, "https://graph.microsoft.com"])),
            Some(F::KnownResource(KnownResource::Graph)),
        ),
        ("no scope", plain_with("scope", Value::Null), Some(F::NotAnAccessToken)),
        ("bound to a key", plain_with("cnf", json!({"jkt": "x"})), Some(F::ProofOfPossession)),
        ("expired", plain_with("exp", json!(NOW - 60)), Some(F::Expired)),
        ("of Entra", claims(), Some(F::WrongAudience)),
    ] {
        assert_eq!(judged(&verifier, signed("k", &claims)).await.err(), expected.map(Rejection::from), "{name}");
    }
}

#[tokio::test]
async fn a_user_of_a_plain_issuer_is_nobody_of_entra_whatever_the_token_says() {
    let verifier = Verifier::oidc(&plain_issuer("k"));
    let mut claims = plain_with("tid", json!(TENANT));
    claims["oid"] = json!("00000000-0000-0000-0000-0000000000aa");
    claims["idtyp"] = json!("user");
    let token = verifier.verify(signed("k", &claims)).await.unwrap();
    let Principal::Subject { issuer, subject, .. } = token.principal() else { panic!("{:?}", token.principal()) };
    assert_eq!((&**issuer, &**subject), (PLAIN, "alice"));
}

#[tokio::test]
async fn the_policy_decides_the_algorithm_and_the_key_may_only_narrow_it() {
    let clock = || FixedClock::at(UnixTime::from_secs(NOW));
    let allowing = |algorithms: &[Algorithm], keys: FixedKeys| {
        let issuer = OidcIssuer::over(dead_network(), PLAIN, AUDIENCE).unwrap();
        let issuer = issuer.with_algorithms(algorithms.iter().copied()).unwrap();
        Verifier::oidc(&issuer.with_keys(keys).with_clock(clock()))
    };
    let es_only = allowing(&[Algorithm::Es256], plain_keys("k", &[]));
    assert_eq!(judged(&es_only, signed("k", &plain_claims())).await.unwrap_err(), TokenFault::Algorithm.into());
    let both = allowing(&[Algorithm::Es256, Algorithm::Rs256], plain_keys("k", &[]));
    assert_eq!(judged(&both, signed("k", &plain_claims())).await, Ok(()));
    let as_ps256 = TestKey::shared().sign(&json!({"alg": "PS256", "kid": "k"}), &plain_claims());
    assert_eq!(judged(&both, BearerToken::new(&as_ps256)).await.unwrap_err(), TokenFault::Algorithm.into());
    // Allowed by the policy, but not what the key was made for.
    let ps_too = allowing(&[Algorithm::Ps256, Algorithm::Rs256], plain_keys("k", &[]));
    assert_eq!(judged(&ps_too, BearerToken::new(&as_ps256)).await.unwrap_err(), TokenFault::Algorithm.into());
}

#[tokio::test]
async fn a_key_that_names_another_issuer_signs_nothing_here() {
    for (named, good) in
        [(PLAIN, true), ("https://other.example/", false), ("https://issuer.example/{tenantid}", false)]
    {
        let issuer = OidcIssuer::over(dead_network(), PLAIN, AUDIENCE).unwrap();
        let keys = plain_keys("k", &[("issuer", json!(named))]);
        let verifier = Verifier::oidc(&issuer.with_keys(keys).with_clock(FixedClock::at(UnixTime::from_secs(NOW))));
        assert_eq!(judged(&verifier, signed("k", &plain_claims())).await.is_ok(), good, "{named}");
    }
}

#[tokio::test]
async fn of_several_issuers_each_token_is_judged_by_the_one_that_it_names() {
    use TokenFault as F;
    let both = verifier().0.or(&Verifier::oidc(&plain_issuer("plain"))).unwrap();
    for (name, kid, claims, expected) in [
        ("of Entra", KID, claims(), None),
        ("of Entra, v1", KID, v1_claims(), None),
        ("of the plain one", "plain", plain_claims(), None),
        ("of Entra by the other's key", "plain", claims(), Some(F::UnknownKey)),
        ("of the plain one by Entra's key", "unrestricted", plain_claims(), Some(F::UnknownKey)),
        ("of Entra for the other's audience", KID, changed(&[("aud", json!(AUDIENCE))]), Some(F::WrongAudience)),
        ("of the plain one for Entra's audience", "plain", plain_with("aud", json!(CLIENT)), Some(F::WrongAudience)),
        ("of nobody", KID, plain_with("iss", json!("https://evil.example")), Some(F::WrongIssuer)),
        (
            "of nobody, for Graph",
            KID,
            changed(&[("iss", json!("x")), ("aud", json!("https://graph.microsoft.com"))]),
            Some(F::KnownResource(KnownResource::Graph)),
        ),
        ("of Entra, another tenant", KID, of_tenant(OTHER_TENANT), Some(F::WrongIssuer)),
    ] {
        for again in [false, true] {
            let verdict = judged(&both, signed(kid, &claims)).await;
            assert_eq!(verdict.err(), expected.map(Rejection::from), "{name}, again: {again}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_stops_only_its_own_tokens() {
    let undiscovered = EntraApp::single_tenant_over(dead_network(), "contoso.example", CLIENT).unwrap();
    let both = Verifier::oidc(&plain_issuer("plain")).or(&Verifier::entra(&undiscovered)).unwrap();
    assert_eq!(judged(&both, signed("plain", &plain_claims())).await, Ok(()));
    let unavailable = |verdict| matches!(verdict, Err(Rejection::Unavailable { .. }));
    assert!(unavailable(judged(&both, signed(KID, &claims())).await), "whose it is could not be found out");
    assert_eq!(both.readiness(), Readiness::NotLoaded);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_hangs_keeps_no_other_from_being_discovered() {
    let hangs = HttpClient::new(tower::service_fn(|_: Request<Bytes>| {
        std::future::pending::<Result<Response<Bytes>, std::convert::Infallible>>()
    }));
    let silent = EntraApp::single_tenant_over(hangs, "contoso.example", CLIENT).unwrap();
    let tenant = TestTenant::new();
    let both = Verifier::entra(&silent).or(&Verifier::entra(&tenant.app().unwrap())).unwrap();
    let started = tokio::time::Instant::now();
    let good = tenant.user("alice").scopes("a");
    assert_eq!(judged(&both, BearerToken::new(&good.clone().token())).await, Ok(()));
    assert_eq!(started.elapsed(), Duration::ZERO, "its own issuer answered at once");
    let of_nobody = judged(&both, BearerToken::new(&good.claim("iss", "x").token())).await;
    assert!(matches!(of_nobody, Err(Rejection::Unavailable { .. })), "{of_nobody:?}");
    assert_eq!(started.elapsed(), Duration::from_secs(2), "it could be the silent one's");
}

#[tokio::test(start_paused = true)]
async fn issuers_that_hang_are_waited_for_at_the_same_time() {
    let hanging = |name: &str| {
        let hangs = HttpClient::new(tower::service_fn(|_: Request<Bytes>| {
            std::future::pending::<Result<Response<Bytes>, std::convert::Infallible>>()
        }));
        Verifier::oidc(&OidcIssuer::over(hangs, name, AUDIENCE).unwrap())
    };
    let three = hanging("https://a.example").or(&hanging("https://b.example")).and_then(|two| two.or(&verifier().0));
    let started = tokio::time::Instant::now();
    assert_eq!(three.unwrap().warm().await, Readiness::NotLoaded);
    assert_eq!(started.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn where_two_overlap_the_one_that_was_trusted_first_judges() {
    let any = of_many(EntraApp::any_organization_over(dead_network(), CLIENT).unwrap());
    let (app, _) = crate::testtenant::app();
    let one = Verifier::entra(&app.with_audiences([AUDIENCE]).unwrap()).with_keys(keys());
    let for_one = || signed("literal", &changed(&[("aud", json!(AUDIENCE))]));
    let one_first = one.clone().or(&any).unwrap();
    assert_eq!(judged(&one_first, for_one()).await, Ok(()));
    assert_eq!(judged(&one_first, signed(KID, &of_tenant(OTHER_TENANT))).await, Ok(()));
    assert_eq!(judged(&any.or(&one).unwrap(), for_one()).await, Err(TokenFault::WrongAudience.into()));
}

#[test]
fn an_issuer_is_trusted_once() {
    let plain = Verifier::oidc(&plain_issuer("k"));
    let told = |refused: Result<Verifier, ConfigError>| refused.unwrap_err().to_string();
    assert!(told(plain.clone().or(&plain)).starts_with("issuer https://issuer.example/ is trusted twice"));
    let entra = told(verifier().0.or(&verifier().0));
    assert!(
        entra.starts_with(&format!("issuer https://login.microsoftonline.com/{TENANT} is trusted twice")),
        "{entra}"
    );
    assert!(verifier().0.or(&plain).is_ok());
}

#[tokio::test]
async fn a_broader_scope_counts_as_the_narrower_ones() {
    let hierarchy = ScopeHierarchy::default().implies("access_as_user", ["Posts.Read"]).unwrap();
    let verifier = verifier().0.with_scope_hierarchy(hierarchy);
    for _ in 0..2 {
        let token = verifier.verify(signed(KID, &claims())).await.unwrap();
        let Principal::User { scopes, .. } = token.principal() else { panic!("a user") };
        assert_eq!(scopes.to_string(), "Posts.Read access_as_user");
        assert_eq!(token.claims().scopes().to_string(), "access_as_user", "the token says no more than it does");
    }
}
