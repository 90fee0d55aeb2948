//! What a form on one of these pages carries, and the proof that this browser was shown it.
//!
//! The form has a sealed ticket in it, and the browser a cookie with a random value of which the ticket holds the digest. So a
//! form that was shown elsewhere, made by somebody else, or sent a second time (the cookie is gone then) does nothing; and
//! nothing has to be kept here, so any replica reads it.

use std::{fmt, time::Duration};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    rand,
};
use base64::prelude::*;
use http::{HeaderMap, HeaderValue};
use mcp_auth_layer::clock::UnixTime;
use serde::{Deserialize, Serialize};

use super::need::Site;
use crate::{
    proxy::{
        client::ClientKind,
        cookie::{Cookies, Room},
        lasting::lasts,
        pkce::Challenge,
        sealed::{self, TooLong},
        wanted::{Prompt, Resource},
    },
    seal::{KeyRing, Purpose},
};

/// How long a person has for reading a page.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// What pages that are open besides may have set; one takes some 80 bytes.
const OTHERS: Room = Room { cookies: 4, bytes: 500 };

/// No form of these pages has a longer ticket: a client's `state` has 2 KB, its id 2 KB, a challenge of Entra's 4 KB.
pub(in crate::proxy) const MAX_TICKET: usize = 16 << 10;

const PREFIX: &str = "ask-";

/// Under which tickets are sealed; what browsers remember has another name.
const NAME: &str = "ask";

/// An authorization that waits for its person's answer.
///
/// What is in it was proven before the page was shown; judge client and redirect again before anything is sent there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::proxy) struct Pending {
    /// The client's id, as it was given.
    pub(in crate::proxy) client: String,
    pub(in crate::proxy) redirect: String,
    pub(in crate::proxy) state: Option<String>,
    pub(in crate::proxy) challenge: Challenge,
    /// The names of the scopes, and what the client is told that it got.
    pub(in crate::proxy) names: Vec<String>,
    pub(in crate::proxy) echo: String,
    pub(in crate::proxy) prompt: Option<Prompt>,
    pub(in crate::proxy) login_hint: Option<String>,
    pub(in crate::proxy) domain_hint: Option<String>,
    /// What Entra is asked for besides, opened from a step-up scope or sent by the client.
    pub(in crate::proxy) claims: Option<String>,
    pub(in crate::proxy) resource: Resource,
}

/// The client's `state`, hints and claims are nobody's business.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("client", &self.client)
            .field("redirect", &self.redirect)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Form {
    Ask { pending: Box<Pending>, kind: ClientKind },
    Forget,
}

#[derive(Serialize, Deserialize)]
struct Ticket {
    form: Form,
    /// The digest of the cookie's value, in base64url.
    proof: String,
    /// When it was made, in seconds since the epoch.
    made: u64,
}

/// A ticket for a page, and the cookies that go with it.
pub(super) struct Issued {
    pub(super) ticket: String,
    pub(super) cookies: Vec<HeaderValue>,
}

/// A form that this browser was shown, and the cookie that ends it.
pub(super) struct Redeemed {
    pub(super) form: Form,
    pub(super) end: HeaderValue,
}

/// Why a form does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::proxy) enum Refusal {
    /// There is no ticket, or not one answer.
    Incomplete,
    /// The ticket is not this server's.
    Foreign,
    /// Its time is over, or has not come.
    Expired,
    /// Another site sent the form.
    OtherSite,
    /// The browser has not been shown it, or has sent it before.
    NoProof,
}

impl Refusal {
    /// Returns the stable word for logs.
    pub(in crate::proxy) const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "form_incomplete",
            Self::Foreign => "form_foreign",
            Self::Expired => "form_expired",
            Self::OtherSite => "form_other_site",
            Self::NoProof => "form_no_proof",
        }
    }
}

/// Hands out tickets and takes them back.
#[derive(Clone, Debug)]
pub(super) struct Tickets {
    pub(super) ring: KeyRing,
    pub(super) cookies: Cookies,
}

impl Tickets {
    /// Makes a ticket for a form in this browser; the cookies of other forms beyond the bound go.
    pub(super) fn issue(&self, form: Form, browser: &HeaderMap, now: UnixTime) -> Result<Issued, TooLong> {
        let value = random();
        let proof = digest_of(&value);
        let cookie = self.cookies.set(&cookie_of(&proof), &value, LIFE.as_secs()).ok_or(TooLong)?;
        let ticket = sealed::seal(&self.ring, Purpose::Consent, NAME, &Ticket { form, proof, made: now.as_secs() })?;
        if ticket.len() > MAX_TICKET {
            return Err(TooLong);
        }
        let mut cookies = self.cookies.make_room(browser, PREFIX, OTHERS, is_short_proof);
        cookies.push(cookie);
        Ok(Issued { ticket, cookies })
    }

    /// Takes a ticket from the form that this browser sends.
    ///
    /// `Origin` is not looked at: the pages send no referrer, and browsers then say `null` (Fetch, "append a request Origin
    /// header").
    pub(super) fn redeem(&self, ticket: &str, browser: &HeaderMap, now: UnixTime) -> Result<Redeemed, Refusal> {
        if Site::of(browser) == Site::Foreign {
            return Err(Refusal::OtherSite);
        }
        let bounded = Some(ticket).filter(|ticket| ticket.len() <= MAX_TICKET);
        let opened = bounded.and_then(|ticket| sealed::open::<Ticket>(&self.ring, Purpose::Consent, NAME, ticket));
        let ticket = opened.ok_or(Refusal::Foreign)?;
        if !lasts(ticket.made, LIFE, now) {
            return Err(Refusal::Expired);
        }
        let cookie = cookie_of(&ticket.proof);
        let value = self.cookies.get(browser, &cookie).ok_or(Refusal::NoProof)?;
        verify_slices_are_equal(digest_of(value).as_bytes(), ticket.proof.as_bytes()).map_err(|_| Refusal::NoProof)?;
        let end = self.cookies.set(&cookie, "", 0).ok_or(Refusal::NoProof)?;
        Ok(Redeemed { form: ticket.form, end })
    }
}

/// One cookie for each form, so that two pages side by side do not end each other.
fn cookie_of(proof: &str) -> String {
    format!("{PREFIX}{}", proof.get(..SHORT).unwrap_or_default())
}

/// How much of the proof names its cookie.
const SHORT: usize = 16;

fn is_short_proof(name: &str) -> bool {
    name.len() == SHORT && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn random() -> String {
    let mut bytes = [0; 32];
    // aws-lc ends the process rather than return without entropy.
    rand::fill(&mut bytes).expect("the operating system's random source works");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn digest_of(value: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, value.as_bytes()))
}
