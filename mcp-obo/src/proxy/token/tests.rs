use std::{future::ready, time::Duration};

use bytes::Bytes;
use http::Response;
use mcp_auth_layer::clock::UnixTime;
use url::form_urlencoded::Serializer;

use super::*;
use crate::{
    ClientSecret,
    proxy::{
        api_scopes::ApiScopes,
        issuer::CALLBACK,
        pkce::{Challenge, Verifier},
        registration::{Platform, Registration},
    },
    testtenant::{CLIENT, LIFE, NOW, SECRET, TENANT, Tenant, refused, status},
};

const ISSUER: &str = "https://mcp.contoso.com";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";
const CLIENT_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Set {
    tenant: Tenant,
    tokens: Tokens,
}

fn upstream(tenant: &Tenant, scopes: ApiScopes) -> Upstream {
    let registration = Registration::new(&format!("{ISSUER}{CALLBACK}"), Platform::Web, CLIENT);
    Upstream::new(&tenant.app, ClientSecret::new(SECRET), scopes, registration)
}

impl Set {
    fn answering(answer: impl Fn(usize) -> Response<Bytes> + Send + Sync + 'static) -> Self {
        let tenant = Tenant::answering(move |call| Box::pin(ready(answer(call.number))));
        let issuer = Issuer::new(ISSUER, "/mcp").unwrap();
        let scopes = ApiScopes::new(&tenant.app, ["access_as_user"]).unwrap();
        let tokens = Tokens {
            upstream: upstream(&tenant, scopes),
            issuer,
            ring: KeyRing::ephemeral(),
            allowlist: RedirectAllowlist::default(),
            verifier: tenant.verifier.clone(),
            life: SessionLife::default(),
            ledger: Ledger::default(),
            clock: Arc::new(tenant.clock.clone()),
        };
        Self { tenant, tokens }
    }

    fn granting() -> Self {
        Self::answering(|number| granted(&token_of("alice"), Some(&format!("entra-refresh-{number}"))))
    }

    fn code(&self) -> String {
        let code = Code {
            client: ClientDigest::of("client"),
            redirect: REDIRECT.to_owned(),
            challenge: Challenge::read(Some(CHALLENGE), Some("S256")).unwrap(),
            names: vec!["access_as_user".to_owned()],
            echo: format!("api://{CLIENT}/access_as_user"),
            verifier: Verifier::random(),
            upstream: Zeroizing::new("entra-code".to_owned()),
            made: NOW,
        };
        code.seal(&self.tokens.ring).unwrap()
    }

    /// Has the API other scopes from now on.
    fn offer(&mut self, names: &[&str]) {
        let scopes = ApiScopes::new(&self.tenant.app, names.iter().copied()).unwrap();
        self.tokens.upstream = upstream(&self.tenant, scopes);
    }

    /// A session of this tenant's person, as it was sealed yesterday.
    fn session(&self, tenant: &str, object_id: &str) -> Session {
        Session {
            client: ClientDigest::of("client"),
            tenant: tenant.to_owned(),
            object_id: object_id.to_owned(),
            family: "family".to_owned(),
            sequence: 0,
            names: vec!["access_as_user".to_owned(), "Old".to_owned()],
            echo: format!("api://{CLIENT}/Old access_as_user offline_access"),
            signed_in: NOW,
            ends: NOW + 3_600,
            upstream: Zeroizing::new("entra-refresh".to_owned()),
        }
    }

    async fn ask(&self, client: &str, pairs: &[(&str, &str)]) -> Result<Value, OAuthCode> {
        let form = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let parameters = Parameters::read(form.as_bytes()).unwrap();
        self.tokens.grant(&ClientDigest::of(client), &parameters).await.map_err(|error| error.code)
    }

    async fn redeem(&self) -> Result<Value, OAuthCode> {
        let code = self.code();
        self.ask("client", &[("grant_type", "authorization_code"), ("code", &code), ("code_verifier", CLIENT_VERIFIER)])
            .await
    }

    async fn refresh(&self, token: &str) -> Result<Value, OAuthCode> {
        self.ask("client", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}

/// A token for this API, of this person.
fn token_of(person: &str) -> String {
    Tenant::granting().token(json!({"oid": person, "scp": "access_as_user"}))
}

fn granted(token: &str, refresh: Option<&str>) -> Response<Bytes> {
    let mut body = json!({
        "token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": token, "id_token": "eyJ.id",
        "client_info": "eyJ", "foci": "1", "scope": format!("{CLIENT}/access_as_user"),
    });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    status(200, &[("content-type", "application/json")], &body.to_string())
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_code_becomes_entras_access_token_and_a_refresh_token_of_our_own() {
    let set = Set::granting();
    let answer = set.redeem().await.unwrap();
    let members: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "scope", "token_type"], "and nothing else");
    assert_eq!((&answer["expires_in"], text(&answer, "token_type")), (&json!(LIFE), "Bearer"));
    assert_eq!(text(&answer, "scope"), format!("api://{CLIENT}/access_as_user"), "as it was asked for");
    assert!(!text(&answer, "refresh_token").contains("entra"), "it is sealed");
    let call = &set.tenant.calls()[0];
    let get = |name: &str| call.form[name].as_str();
    assert_eq!((get("grant_type"), get("code"), get("client_secret")), ("authorization_code", "entra-code", SECRET));
    assert_eq!(get("redirect_uri"), "https://mcp.contoso.com/oauth/callback", "ours, not the client's");
    assert_eq!(get("scope"), format!("{CLIENT}/access_as_user offline_access"), "by the id, or the refresh is refused");
    assert!(get("code_verifier") != CLIENT_VERIFIER && !call.form.contains_key("resource"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_proved_is_refused_before_entra_is_asked() {
    let set = Set::granting();
    let code = set.code();
    let redeem = ("grant_type", "authorization_code");
    let (code_of, proof) = (("code", code.as_str()), ("code_verifier", CLIENT_VERIFIER));
    for (name, client, pairs, expected) in [
        ("another client", "thief", &[redeem, code_of, proof][..], OAuthCode::InvalidGrant),
        (
            "the challenge for a proof",
            "client",
            &[redeem, code_of, ("code_verifier", CHALLENGE)],
            OAuthCode::InvalidGrant,
        ),
        ("no proof", "client", &[redeem, code_of], OAuthCode::InvalidRequest),
        ("no code", "client", &[redeem, proof], OAuthCode::InvalidRequest),
        (
            "another redirect",
            "client",
            &[redeem, code_of, proof, ("redirect_uri", "http://127.0.0.1/")],
            OAuthCode::InvalidGrant,
        ),
        ("Entra's own code", "client", &[redeem, ("code", "entra-code"), proof], OAuthCode::InvalidGrant),
        (
            "another resource",
            "client",
            &[redeem, code_of, proof, ("resource", "https://evil.example")],
            OAuthCode::InvalidTarget,
        ),
        (
            "a refresh token of Entra's",
            "client",
            &[("grant_type", "refresh_token"), ("refresh_token", "1.AXx")],
            OAuthCode::InvalidGrant,
        ),
        (
            "a code for a refresh token",
            "client",
            &[("grant_type", "refresh_token"), ("refresh_token", &code)],
            OAuthCode::InvalidGrant,
        ),
        ("no refresh token", "client", &[("grant_type", "refresh_token")], OAuthCode::InvalidRequest),
        ("no grant", "client", &[code_of, proof], OAuthCode::InvalidRequest),
        (
            "this server's own rights",
            "client",
            &[("grant_type", "client_credentials")],
            OAuthCode::UnsupportedGrantType,
        ),
        (
            "on behalf of",
            "client",
            &[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")],
            OAuthCode::UnsupportedGrantType,
        ),
        (
            "a token exchange",
            "client",
            &[("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")],
            OAuthCode::UnsupportedGrantType,
        ),
        ("a password", "client", &[("grant_type", "password")], OAuthCode::UnsupportedGrantType),
        ("a device", "client", &[("grant_type", "device_code")], OAuthCode::UnsupportedGrantType),
    ] {
        assert_eq!(set.ask(client, pairs).await, Err(expected), "{name}");
    }
    assert_eq!(set.tenant.exchanges(), 0);
    assert!(set.redeem().await.is_ok(), "and the code is not used up");
}

#[tokio::test(start_paused = true)]
async fn a_code_for_a_redirect_that_is_allowed_no_longer_is_worth_nothing() {
    let mut set = Set::granting();
    set.tokens.allowlist = RedirectAllowlist::parse_list("none").unwrap();
    assert_eq!(set.redeem().await, Err(OAuthCode::InvalidGrant));
    assert_eq!(set.tenant.exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_refreshed_with_another_token_each_time_until_it_is_over() {
    let set = Set::granting();
    let mut refresh = text(&set.redeem().await.unwrap(), "refresh_token").to_owned();
    for number in 0..3 {
        let answer = set.refresh(&refresh).await.unwrap();
        let call = &set.tenant.calls()[number + 1];
        assert_eq!(call.form["refresh_token"], format!("entra-refresh-{number}"), "Entra's newest");
        assert_eq!(call.form["scope"], format!("{CLIENT}/access_as_user offline_access"));
        let next = text(&answer, "refresh_token").to_owned();
        assert!(next != refresh);
        refresh = next;
    }
    assert_eq!(
        set.ask("thief", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await,
        Err(OAuthCode::InvalidGrant)
    );
    set.tenant.clock.advance(Duration::from_secs(7 * 24 * 3_600));
    assert_eq!(
        set.refresh(&refresh).await,
        Err(OAuthCode::InvalidGrant),
        "a week after the sign-in, not after the refresh"
    );
    assert_eq!(set.tenant.exchanges(), 4);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_began_before_a_day_can_be_ended_together() {
    let mut set = Set::granting();
    let refresh = text(&set.redeem().await.unwrap(), "refresh_token").to_owned();
    set.tenant.clock.advance(Duration::from_secs(3_600));
    set.tokens.life.longest = Duration::from_secs(3_600);
    assert_eq!(set.refresh(&refresh).await, Err(OAuthCode::InvalidGrant), "a shorter life is for those that live");
    set.tokens.life = SessionLife::default();
    assert!(set.refresh(&refresh).await.is_ok());
    set.tokens.life.not_before = UnixTime::from_secs(NOW + 1);
    assert_eq!(set.refresh(&refresh).await, Err(OAuthCode::InvalidGrant));
}

#[tokio::test(start_paused = true)]
async fn entras_refresh_token_is_kept_when_it_sends_no_other() {
    let set = Set::answering(|number| granted(&token_of("alice"), (number == 0).then_some("the-first")));
    let mut refresh = text(&set.redeem().await.unwrap(), "refresh_token").to_owned();
    for _ in 0..2 {
        refresh = text(&set.refresh(&refresh).await.unwrap(), "refresh_token").to_owned();
    }
    assert_eq!(set.tenant.calls()[2].form["refresh_token"], "the-first");
}

#[tokio::test(start_paused = true)]
async fn a_token_for_another_api_or_person_is_handed_out_to_nobody() {
    let graph =
        Tenant::granting().token(json!({"aud": "https://graph.microsoft.com", "oid": "alice", "scp": "User.Read"}));
    let daemon = Tenant::granting().token(json!({"oid": "daemon", "sub": "daemon", "roles": ["Tasks.Run"]}));
    for (name, token) in [("Graph's", graph), ("an application's", daemon), ("no JWT", "opaque".to_owned())] {
        crate::testlog::begin();
        let hidden = token.clone();
        let set = Set::answering(move |_| granted(&token, Some("r")));
        assert_eq!(set.redeem().await, Err(OAuthCode::ServerError), "{name}");
        let log = crate::testlog::logged();
        assert!(log.contains("is handed out to nobody") && log.contains("reference="), "{name}: {log}");
        assert!(hidden == "opaque" || !log.contains(&hidden), "{name}: {log}");
    }
    let set = Set::answering(|number| granted(&token_of(if number == 0 { "alice" } else { "mallory" }), Some("r")));
    let refresh = text(&set.redeem().await.unwrap(), "refresh_token").to_owned();
    assert_eq!(set.refresh(&refresh).await, Err(OAuthCode::ServerError));
    let set = Set::granting();
    for (name, tenant, person, expected) in [
        ("the same", TENANT, "alice", None),
        ("another person", TENANT, "bob", Some(OAuthCode::ServerError)),
        ("another tenant's of that id", "99999999-2222-3333-4444-555555555555", "alice", Some(OAuthCode::ServerError)),
    ] {
        let session = set.session(tenant, person).seal(&set.tokens.ring).unwrap();
        assert_eq!(set.refresh(&session).await.err(), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_a_sign_in_cures_ends_the_session() {
    for (name, answer, expected) in [
        ("used up", refused("invalid_grant", 54_005, json!({})), OAuthCode::InvalidGrant),
        ("revoked", refused("invalid_grant", 50_173, json!({})), OAuthCode::InvalidGrant),
        ("MFA", refused("invalid_grant", 50_076, json!({"suberror": "basic_action"})), OAuthCode::InvalidGrant),
        ("our secret", refused("invalid_client", 7_000_215, json!({})), OAuthCode::ServerError),
        ("an outage", status(503, &[("retry-after", "7")], ""), OAuthCode::TemporarilyUnavailable),
        ("throttled", status(429, &[("retry-after", "7")], ""), OAuthCode::TemporarilyUnavailable),
        ("nonsense", status(200, &[], "<html>"), OAuthCode::TemporarilyUnavailable),
    ] {
        let set = Set::answering(move |_| answer.clone());
        assert_eq!(set.redeem().await, Err(expected), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_can_judge_yet_is_no_fault_of_the_session() {
    let mut set = Set::granting();
    let token = text(&set.redeem().await.unwrap(), "refresh_token").to_owned();
    let judge = std::mem::replace(&mut set.tokens.verifier, TokenVerifier::entra(&set.tenant.app));
    assert_eq!(set.refresh(&token).await, Err(OAuthCode::TemporarilyUnavailable), "its keys cannot be fetched");
    set.tokens.verifier = judge;
    assert!(set.refresh(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_codes_and_tokens_is_printed() {
    let set = Set::granting();
    let (code, answer) = (set.code(), set.redeem().await.unwrap());
    let session = Session::open(
        &set.tokens.ring,
        text(&answer, "refresh_token"),
        &ClientDigest::of("client"),
        set.tokens.life,
        UnixTime::from_secs(NOW),
    );
    let opened = Code::open(&set.tokens.ring, &code, UnixTime::from_secs(NOW));
    let shown = format!("{:?} {session:?} {opened:?} {TENANT}", set.tokens);
    for secret in ["entra-", SECRET, "eyJ", &code] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_gets_no_scope_in_place_of_one_that_is_gone() {
    let mut set = Set::granting();
    let answer = set.redeem().await.unwrap();
    let token = text(&answer, "refresh_token");
    set.offer(&["Everything.ReadWrite"]);
    assert_eq!(set.refresh(token).await, Err(OAuthCode::InvalidGrant), "its person agreed to nothing that is left");
    assert_eq!(set.redeem().await, Err(OAuthCode::InvalidGrant), "nor does a code stand for anything else");
    assert_eq!(set.tenant.exchanges(), 1, "and Entra is not asked");
    set.offer(&["access_as_user", "Everything.ReadWrite"]);
    assert!(set.refresh(token).await.is_ok(), "the scope is back");
    assert_eq!(set.tenant.calls()[1].form["scope"], format!("{CLIENT}/access_as_user offline_access"));
}

#[tokio::test(start_paused = true)]
async fn a_client_is_told_of_no_scope_that_is_gone() {
    let mut set = Set::granting();
    let session = set.session(TENANT, "alice");
    let answer = set.refresh(&session.seal(&set.tokens.ring).unwrap()).await.unwrap();
    assert_eq!(text(&answer, "scope"), "access_as_user offline_access");
    set.offer(&["access_as_user", "Old"]);
    let again = set.refresh(text(&answer, "refresh_token")).await.unwrap();
    assert_eq!(text(&again, "scope"), "access_as_user offline_access", "what was given up does not come back");
    assert_eq!(set.tenant.calls()[1].form["scope"], format!("{CLIENT}/access_as_user offline_access"));
}
