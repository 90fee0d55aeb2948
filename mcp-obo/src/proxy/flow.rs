//! A sign-in that is under way, kept by the browser that began it.
//!
//! Entra gets a short random `state` and nothing else: long ones are refused (AADSTS90015). All that the callback has to know
//! lies sealed in one cookie per flow, whose name ends with that `state`. So a flow survives restarts, any replica finishes it,
//! and nobody finishes it in another browser (CVE-2026-27124 of another project).

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderValue};
use mcp_auth_layer::clock::UnixTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    client::ClientDigest,
    cookie::{Cookies, Room},
    lasting::lasts,
    pkce::{Challenge, Verifier},
    sealed,
};
use crate::seal::{KeyRing, Purpose};

/// How long a person has for signing in.
pub(super) const LIFE: Duration = Duration::from_secs(10 * 60);

/// How many sign-ins one browser may have under way.
const AT_ONCE: usize = 5;

/// How much they may take up together.
///
/// Reverse proxies refuse a header of more than 8 KB (nginx's default), and so all requests of that browser: any other site
/// could have it begin a few long ones. What the pages of consent set takes up to 1.7 KB.
const TOGETHER: usize = 6_300;

/// A browser keeps 4,096 bytes of a cookie, its name included.
const MAX_COOKIE: usize = 3_800;

const PREFIX: &str = "flow-";

/// What the callback has to know.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) client: ClientDigest,
    /// Where the client gets its code; judged again before it does.
    pub(super) redirect: String,
    /// The client's own `state`, returned as it came.
    pub(super) state: Option<String>,
    pub(super) challenge: Challenge,
    /// The names of the scopes, and what the client is told that it got.
    pub(super) names: Vec<String>,
    pub(super) echo: String,
    /// This server's own proof at Entra.
    pub(super) verifier: Verifier,
    /// When it began, in seconds since the epoch.
    pub(super) begun: u64,
}

/// The client's `state` is nobody's business.
impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("client", &self.client).field("redirect", &self.redirect).finish_non_exhaustive()
    }
}

/// The name of a flow, and Entra's `state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FlowId(String);

impl FlowId {
    pub(super) fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// Reads a `state` that came back.
    pub(super) fn read(state: &str) -> Option<Self> {
        let is_one = state.len() == 32 && state.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(state.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn cookie(&self) -> String {
        format!("{PREFIX}{}", self.0)
    }
}

/// The flow does not fit into a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sign-in is larger than a cookie")]
pub(super) struct TooLarge;

/// Puts flows into the browser and takes them out.
#[derive(Clone, Debug)]
pub(super) struct Flows {
    pub(super) ring: KeyRing,
    pub(super) cookies: Cookies,
}

impl Flows {
    /// Makes the cookies that begin a flow; those of older flows beyond the bound go.
    pub(super) fn begin(&self, id: &FlowId, flow: &Flow, browser: &HeaderMap) -> Result<Vec<HeaderValue>, TooLarge> {
        let value = sealed::seal(&self.ring, Purpose::Flow, id.as_str(), flow).map_err(|_| TooLarge)?;
        if value.len() > MAX_COOKIE {
            return Err(TooLarge);
        }
        let begun = self.cookies.set(&id.cookie(), &value, LIFE.as_secs()).ok_or(TooLarge)?;
        let room = Room { cookies: AT_ONCE - 1, bytes: TOGETHER.saturating_sub(value.len()) };
        let mut cookies = self.cookies.make_room(browser, PREFIX, room, |name| FlowId::read(name).is_some());
        cookies.push(begun);
        Ok(cookies)
    }

    /// Returns the flow of this browser by its name, while it lasts.
    pub(super) fn find(&self, id: &FlowId, browser: &HeaderMap, now: UnixTime) -> Option<Flow> {
        let value = self.cookies.get(browser, &id.cookie())?;
        let flow: Flow = sealed::open(&self.ring, Purpose::Flow, id.as_str(), value)?;
        lasts(flow.begun, LIFE, now).then_some(flow)
    }

    /// Makes the cookie that ends a flow: it is single use in its browser.
    pub(super) fn end(&self, id: &FlowId) -> Option<HeaderValue> {
        self.cookies.set(&id.cookie(), "", 0)
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;
    use crate::proxy::issuer::Transport;

    const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

    fn flows() -> Flows {
        Flows { ring: KeyRing::ephemeral(), cookies: Cookies::new(Transport::Https) }
    }

    fn flow(state: usize) -> Flow {
        let verifier = Verifier::random();
        Flow {
            client: ClientDigest::of("client"),
            redirect: "r".repeat(512),
            state: Some("s".repeat(state)),
            challenge: verifier.challenge(),
            names: vec!["access_as_user".to_owned()],
            echo: "access_as_user".to_owned(),
            verifier,
            begun: NOW.as_secs(),
        }
    }

    fn browser_keeps(kept: &mut Vec<(String, String)>, set: &[HeaderValue]) {
        for cookie in set {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            kept.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0;") {
                kept.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    #[test]
    fn a_browser_has_five_sign_ins_under_way_at_most_and_the_newest_stays() {
        let flows = flows();
        let mut kept: Vec<(String, String)> = Vec::new();
        for begun in 1..=12 {
            let sent = kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            let browser: HeaderMap = [(COOKIE, HeaderValue::try_from(sent).unwrap())].into_iter().collect();
            let id = FlowId::random();
            browser_keeps(&mut kept, &flows.begin(&id, &flow(10), &browser).unwrap());
            assert_eq!(kept.len(), begun.min(5), "after {begun}");
            assert!(kept.iter().any(|(name, _)| name.ends_with(id.as_str())), "after {begun}");
        }
    }

    #[test]
    fn sign_ins_that_another_site_begins_fill_no_header_beyond_what_reverse_proxies_take() {
        let flows = flows();
        let mut kept: Vec<(String, String)> = Vec::new();
        for begun in 1..=8 {
            let sent = kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            let browser: HeaderMap = [(COOKIE, HeaderValue::try_from(sent).unwrap())].into_iter().collect();
            let id = FlowId::random();
            browser_keeps(&mut kept, &flows.begin(&id, &flow(1_500), &browser).unwrap());
            let bytes: usize = kept.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
            assert!(bytes < 6_400, "{bytes} bytes after {begun}; nginx takes 8 KB of all cookies");
            assert!(kept.last().unwrap().0.ends_with(id.as_str()), "after {begun}");
        }
        assert_eq!(kept.len(), 2, "the two newest");
    }

    #[test]
    fn names_that_no_flow_has_are_left_alone_and_no_request_gets_thousands_of_cookies_for_an_answer() {
        let flows = flows();
        let begun = |sent: String| {
            let browser: HeaderMap = [(COOKIE, HeaderValue::try_from(sent).unwrap())].into_iter().collect();
            flows.begin(&FlowId::random(), &flow(10), &browser).unwrap().len()
        };
        let named = |count: usize, name: fn() -> String| {
            (0..count).map(|_| format!("__Host-mcp-flow-{}=x", name())).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(begun(named(9, || FlowId::random().as_str().to_owned())), 6, "five go, and one comes");
        assert_eq!(begun(named(20_000, String::new)), 1, "no flow is called that");
        assert_eq!(begun(named(900, || "<b>".to_owned())), 1, "nor that");
        assert!(begun(named(5_000, || FlowId::random().as_str().to_owned())) <= 51, "more than any browser keeps");
    }

    #[test]
    fn a_long_state_and_redirect_fit_into_a_cookie_and_nothing_larger_is_set() {
        let (flows, id) = (flows(), FlowId::random());
        let cookies = flows.begin(&id, &flow(1_500), &HeaderMap::new()).unwrap();
        assert!(cookies.iter().all(|cookie| cookie.len() <= 4_096), "a browser keeps it");
        assert_eq!(flows.begin(&id, &flow(4_000), &HeaderMap::new()).err(), Some(TooLarge));
    }

    #[test]
    fn a_flow_prints_neither_the_clients_state_nor_any_proof() {
        let one = flow(10);
        let printed = format!("{one:?}");
        for hidden in ["ssssssssss", one.challenge.as_str(), one.verifier.expose_secret()] {
            assert!(!printed.contains(hidden), "{printed}");
        }
        assert!(printed.contains(one.client.as_str()), "{printed}");
    }

    #[test]
    fn a_state_of_entras_is_a_name_that_was_given_or_nothing() {
        let id = FlowId::random();
        assert_eq!(FlowId::read(id.as_str()), Some(id.clone()));
        assert!(id.as_str().len() <= 64, "longer ones are refused");
        for state in ["", &id.as_str()[1..], &id.as_str().to_uppercase(), &format!("{}0", id.as_str()), &"g".repeat(32)]
        {
            assert_eq!(FlowId::read(state), None, "{state}");
        }
    }
}
