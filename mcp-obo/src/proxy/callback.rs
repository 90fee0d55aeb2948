//! `GET /oauth/callback`: a browser comes back from Entra.
//!
//! Nobody is asked for tokens here: Entra's code is sealed into one of this server's, which the client redeems with its proof.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use mcp_auth_layer::{clock::Clock, redirect::RedirectAllowlist};
use zeroize::Zeroizing;

use super::{
    code::Code,
    error::OAuthCode,
    flow::{Flow, FlowId, Flows},
    issuer::Issuer,
    parameters::Parameters,
    respond::{self, Answer},
};
use crate::seal::KeyRing;

/// What finishes sign-ins.
#[derive(Clone, Debug)]
pub(super) struct Callback {
    pub(super) issuer: Issuer,
    pub(super) ring: KeyRing,
    pub(super) flows: Flows,
    pub(super) allowlist: RedirectAllowlist,
    pub(super) clock: Arc<dyn Clock>,
}

/// Why a browser that came back is sent nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranded {
    /// The request is not one that Entra sends.
    Malformed,
    /// No sign-in of this browser has that name: it began elsewhere, was finished, or is too old.
    Unknown,
    /// The client's redirect is no longer allowed.
    Redirect,
}

impl Callback {
    /// Sends the browser on to its client.
    pub(super) fn answer(&self, query: &str, browser: &HeaderMap) -> Result<Answer, Stranded> {
        let parameters = Parameters::read(query.as_bytes()).map_err(|_| Stranded::Malformed)?;
        let id = parameters.get("state").and_then(FlowId::read).ok_or(Stranded::Malformed)?;
        let now = self.clock.now();
        let flow = self.flows.find(&id, browser, now).ok_or(Stranded::Unknown)?;
        // Judged by today's list: what was allowed when the sign-in began may not be any more.
        self.allowlist.check(&flow.redirect).map_err(|_| Stranded::Redirect)?;
        let (redirect, state) = (flow.redirect.clone(), flow.state.clone());
        let back = |parameters: &[(&str, &str)]| {
            let parameters = parameters.iter().copied();
            respond::back(&redirect, state.as_deref(), &self.issuer, parameters).ok_or(Stranded::Redirect)
        };
        let mut answer = match (parameters.get("code"), parameters.get("error")) {
            (Some(upstream), None) => match self.code(flow, upstream, now.as_secs()) {
                Some(code) => back(&[("code", &code)])?,
                None => back(&[("error", OAuthCode::ServerError.as_str())])?,
            },
            (None, Some(error)) => {
                report(error, parameters.get("error_description"), &id);
                let code = told(error);
                back(&[("error", code.as_str()), ("error_description", text(code))])?
            }
            _ => return Err(Stranded::Malformed),
        };
        let spent: Option<HeaderValue> = self.flows.end(&id);
        answer.headers_mut().extend(spent.map(|cookie| (SET_COOKIE, cookie)));
        Ok(answer)
    }

    fn code(&self, flow: Flow, upstream: &str, made: u64) -> Option<String> {
        let Flow { client, redirect, challenge, names, echo, verifier, .. } = flow;
        let upstream = Zeroizing::new(upstream.to_owned());
        Code { client, redirect, challenge, names, echo, verifier, upstream, made }.seal(&self.ring).ok()
    }
}

/// What a client is told of an error at Entra's sign-in page; the numbers stay in the log.
fn told(error: &str) -> OAuthCode {
    match error {
        "access_denied" | "consent_required" => OAuthCode::AccessDenied,
        "login_required" => OAuthCode::LoginRequired,
        "interaction_required" => OAuthCode::InteractionRequired,
        "temporarily_unavailable" => OAuthCode::TemporarilyUnavailable,
        _ => OAuthCode::ServerError,
    }
}

const fn text(code: OAuthCode) -> &'static str {
    match code {
        OAuthCode::AccessDenied => "the sign-in was cancelled, or an administrator has to agree first",
        OAuthCode::LoginRequired | OAuthCode::InteractionRequired => "somebody has to sign in at the page",
        OAuthCode::TemporarilyUnavailable => "the sign-in service cannot answer now; try again",
        _ => "the sign-in service refused; the server's log says why",
    }
}

/// The number at the beginning of what Entra writes, and nothing else of it: it may name people.
fn report(error: &str, description: Option<&str>, id: &FlowId) {
    let code = description.and_then(|text| text.strip_prefix("AADSTS")?.split(':').next());
    let aadsts: Option<u32> = code.and_then(|digits| digits.parse().ok());
    let error: String = error.chars().filter(char::is_ascii_graphic).take(64).collect();
    tracing::warn!(target: "mcp_obo::proxy", error, aadsts, flow = id.as_str(), "a sign-in ended with an error");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::{COOKIE, LOCATION};
    use mcp_auth_layer::clock::{FixedClock, UnixTime};
    use url::Url;

    use super::*;
    use crate::proxy::{
        client::ClientDigest,
        cookie::Cookies,
        flow::LIFE,
        pkce::{Challenge, Verifier},
    };

    const REDIRECT: &str = "http://127.0.0.1:33418/callback?x=1";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const NOW: u64 = 1_800_000_000;

    fn callback() -> (Callback, Arc<FixedClock>) {
        let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
        let (ring, clock) = (KeyRing::ephemeral(), Arc::new(FixedClock::at(UnixTime::from_secs(NOW))));
        let flows = Flows { ring: ring.clone(), cookies: Cookies::new(issuer.transport()) };
        let callback =
            Callback { issuer, ring, flows, allowlist: RedirectAllowlist::default(), clock: Arc::clone(&clock) as _ };
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
        let answer =
            callback.answer(&format!("code=entra.code&state={}&session_state=s", id.as_str()), &browser).unwrap();
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
    fn errors_go_back_too_and_none_of_entras_words() {
        let (callback, _) = callback();
        for (error, expected) in [
            ("access_denied", "access_denied"),
            ("consent_required", "access_denied"),
            ("login_required", "login_required"),
            ("interaction_required", "interaction_required"),
            ("temporarily_unavailable", "temporarily_unavailable"),
            ("invalid_client", "server_error"),
            ("<script>", "server_error"),
        ] {
            let (id, browser) = begun(&callback, &flow(REDIRECT));
            let query = format!("error={error}&error_description=AADSTS65004%3A+alice&state={}", id.as_str());
            let found = query_of(&callback.answer(&query, &browser).unwrap());
            assert!(found.contains(&("error".to_owned(), expected.to_owned())), "{error}: {found:?}");
            assert!(found.contains(&("iss".to_owned(), "https://mcp.contoso.com".to_owned())), "{error}");
            assert!(!format!("{found:?}").contains("alice"), "{error}");
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
}
