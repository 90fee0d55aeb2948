use std::time::Duration;

use futures_util::FutureExt as _;
use http::header::{COOKIE, LOCATION};
use http_body_util::BodyExt as _;
use mcp_auth_layer::clock::{FixedClock, UnixTime};
use url::Url;

use super::*;
use crate::{
    proxy::{
        client::ClientDigest,
        consent::{Consent, Remembering, Wording},
        cookie::Cookies,
        flow::LIFE,
        issuer::CALLBACK,
        pkce::{Challenge, Verifier},
        registration::Platform,
    },
    testlog,
    testtenant::CLIENT,
};

const REDIRECT: &str = "http://127.0.0.1:33418/callback?x=1";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const NOW: u64 = 1_800_000_000;

fn callback() -> (Callback, Arc<FixedClock>) {
    let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
    let (ring, clock) = (KeyRing::ephemeral(), Arc::new(FixedClock::at(UnixTime::from_secs(NOW))));
    let flows = Flows { ring: ring.clone(), cookies: Cookies::new(issuer.transport()) };
    let wording = Wording { service: "Message Center".to_owned(), authority: String::new(), scopes: Vec::new() };
    let callback = Callback {
        pages: Consent::new(&issuer, &ring, wording, Remembering::Never).pages(),
        registration: Registration::new(&issuer.at(CALLBACK), Platform::Web, CLIENT),
        issuer,
        ring,
        flows,
        allowlist: RedirectAllowlist::default(),
        clock: Arc::clone(&clock) as _,
    };
    (callback, clock)
}

fn flow(redirect: &str) -> Flow {
    Flow {
        client: ClientDigest::of("client"),
        redirect: redirect.to_owned(),
        state: Some("the client's & own".to_owned()),
        challenge: Challenge::read(Some(CHALLENGE), Some("S256")).unwrap(),
        names: vec!["access_as_user".to_owned()],
        echo: "access_as_user".to_owned(),
        verifier: Verifier::random(),
        begun: NOW,
    }
}

/// Begins a flow, and returns the browser that keeps it.
fn begun(callback: &Callback, flow: &Flow) -> (FlowId, HeaderMap) {
    let id = FlowId::random();
    let cookies = callback.flows.begin(&id, flow, &HeaderMap::new()).unwrap();
    let pairs = cookies.iter().map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
    (id, pairs.map(|pair| (COOKIE, HeaderValue::try_from(pair).unwrap())).collect())
}

fn query_of(answer: &Answer) -> Vec<(String, String)> {
    let url = Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(REDIRECT), "{url}");
    url.query_pairs().into_owned().collect()
}

#[test]
fn a_code_goes_back_with_state_and_issuer_and_opens_for_its_client_alone() {
    let (callback, clock) = callback();
    let (id, browser) = begun(&callback, &flow(REDIRECT));
    let answer = callback.answer(&format!("code=entra.code&state={}&session_state=s", id.as_str()), &browser).unwrap();
    let query = query_of(&answer);
    let get = |name: &str| &query.iter().find(|(found, _)| found == name).unwrap().1;
    assert_eq!((get("x").as_str(), get("state").as_str()), ("1", "the client's & own"));
    assert_eq!(get("iss"), "https://mcp.contoso.com");
    assert!(!get("code").contains("entra"), "it is sealed");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let code = Code::open(&callback.ring, get("code"), clock.now()).unwrap();
    assert_eq!(*code.upstream, "entra.code");
    assert!(
        code.is_for(&ClientDigest::of("client"), None, verifier)
            && code.is_for(&ClientDigest::of("client"), Some(REDIRECT), verifier)
    );
    assert!(
        !code.is_for(&ClientDigest::of("other"), None, verifier)
            && !code.is_for(&ClientDigest::of("client"), Some("http://127.0.0.1/"), verifier)
    );
    assert!(!code.is_for(&ClientDigest::of("client"), None, CHALLENGE));
    assert!(answer.headers()[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "the flow is over");
    clock.advance(Duration::from_secs(300));
    assert!(Code::open(&callback.ring, get("code"), clock.now()).is_none(), "codes end");
}

#[test]
fn errors_go_back_too_with_a_reference_that_the_log_knows_and_none_of_entras_words() {
    let (callback, _) = callback();
    for (error, number, expected) in [
        ("access_denied", 65_004, "access_denied"),
        ("consent_required", 65_001, "access_denied"),
        ("access_denied", 90_094, "access_denied"),
        ("login_required", 50_058, "login_required"),
        ("interaction_required", 50_076, "interaction_required"),
        ("temporarily_unavailable", 90_033, "temporarily_unavailable"),
        ("invalid_client", 7_000_215, "server_error"),
        ("<script>", 1, "server_error"),
    ] {
        testlog::begin();
        let (id, browser) = begun(&callback, &flow(REDIRECT));
        let query = format!("error={error}&error_description=AADSTS{number}%3A+alice&state={}", id.as_str());
        let answer = callback.answer(&query, &browser).unwrap();
        let found = query_of(&answer);
        assert!(found.contains(&("error".to_owned(), expected.to_owned())), "{error}: {found:?}");
        assert!(found.contains(&("iss".to_owned(), "https://mcp.contoso.com".to_owned())), "{error}");
        assert!(found.contains(&("state".to_owned(), "the client's & own".to_owned())), "{error}");
        assert!(answer.headers()[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "{error}: the flow is over");
        let told = &found.iter().find(|(name, _)| name == "error_description").unwrap().1;
        let reference = told.split_once("; reference ").unwrap().1;
        let log = testlog::logged();
        let line = log.lines().find(|line| line.contains(reference)).unwrap_or_else(|| panic!("{error}: {log}"));
        assert!(line.contains(&format!("aadsts={number}")), "{error}: {line}");
        assert!(!format!("{found:?}{log}").contains("alice"), "{error}");
    }
}

#[test]
fn a_person_is_shown_what_has_to_be_registered_and_the_client_is_sent_nothing() {
    let (callback, _) = callback();
    for number in [50_011, 500_113, 700_016, 700_025, 7_000_218, 9_002_327] {
        testlog::begin();
        let (id, browser) = begun(&callback, &flow(REDIRECT));
        let query = format!("error=invalid_request&error_description=AADSTS{number}%3A+alice&state={}", id.as_str());
        let answer = callback.answer(&query, &browser).unwrap();
        assert!(answer.status() == 503 && !answer.headers().contains_key(LOCATION), "{number}");
        assert!(answer.headers()[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"), "{number}: the flow is over");
        let page = answer.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
        let page = String::from_utf8(page.to_vec()).unwrap();
        for part in ["https://mcp.contoso.com/oauth/callback", "<dd>Web</dd>", CLIENT] {
            assert!(page.contains(part), "{number}: {page}");
        }
        let reference = page.split("reference: <code>").nth(1).unwrap().split('<').next().unwrap();
        let log = testlog::logged();
        let line = log.lines().find(|line| line.contains(reference)).unwrap_or_else(|| panic!("{number}: {log}"));
        assert!(line.contains("ERROR") && line.contains(&format!("aadsts={number}")), "{number}: {line}");
        assert!(!page.contains("alice") && !log.contains("alice"), "{number}");
    }
}

#[test]
fn a_browser_that_did_not_begin_it_finishes_nothing() {
    let (callback, clock) = callback();
    let (id, browser) = begun(&callback, &flow(REDIRECT));
    let (other, others) = begun(&callback, &flow(REDIRECT));
    let query = |id: &FlowId| format!("code=c&state={}", id.as_str());
    for (name, query, browser, expected) in [
        ("another browser", query(&id), &HeaderMap::new(), Stranded::Unknown),
        ("another browser with a flow of its own", query(&id), &others, Stranded::Unknown),
        ("another flow", query(&other), &browser, Stranded::Unknown),
        ("no state", "code=c".to_owned(), &browser, Stranded::Malformed),
        ("a state of another kind", "code=c&state=abc".to_owned(), &browser, Stranded::Malformed),
        ("twice the code", format!("{}&code=d", query(&id)), &browser, Stranded::Malformed),
        ("code and error", format!("{}&error=e", query(&id)), &browser, Stranded::Malformed),
        ("neither", format!("state={}", id.as_str()), &browser, Stranded::Malformed),
    ] {
        assert_eq!(callback.answer(&query, browser).err(), Some(expected), "{name}");
    }
    clock.advance(LIFE);
    assert_eq!(callback.answer(&query(&id), &browser).err(), Some(Stranded::Unknown), "too old");
}

#[test]
fn a_cookie_of_one_flow_is_worth_nothing_under_the_name_of_another() {
    let (callback, _) = callback();
    let (id, browser) = begun(&callback, &flow(REDIRECT));
    let forged = FlowId::random();
    let moved = browser[COOKIE].to_str().unwrap().replace(id.as_str(), forged.as_str());
    let browser: HeaderMap = [(COOKIE, HeaderValue::try_from(moved).unwrap())].into_iter().collect();
    let answer = callback.answer(&format!("code=c&state={}", forged.as_str()), &browser);
    assert_eq!(answer.err(), Some(Stranded::Unknown));
}

#[test]
fn a_redirect_that_is_no_longer_allowed_gets_nothing() {
    let (callback, _) = callback();
    let (id, browser) = begun(&callback, &flow("https://evil.example/callback"));
    let answer = callback.answer(&format!("code=c&state={}", id.as_str()), &browser);
    assert_eq!(answer.err(), Some(Stranded::Redirect));
}
