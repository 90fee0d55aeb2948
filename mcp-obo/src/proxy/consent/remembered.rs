//! What a person allowed before, kept by the browser in which he did (opt-in).
//!
//! At this point nobody has signed in, so it cannot be kept for a person. It lies sealed in one cookie, so that no store is
//! needed and no cookie per client piles up until requests are refused.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::*;
use http::{HeaderMap, HeaderValue};
use mcp_auth_layer::clock::UnixTime;
use serde::{Deserialize, Serialize};

use super::{
    destination::{Destination, Sharing},
    need::{Memory, Site},
};
use crate::{
    proxy::{client::ClientKind, cookie::Cookies, lasting::lasts, sealed},
    seal::{KeyRing, Purpose},
};

/// How long an answer is remembered; using it does not make it last longer.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many answers one browser remembers; beyond them the oldest go.
const ENTRIES: usize = 20;

const COOKIE: &str = "approved";

/// Whether answers are remembered at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::proxy) enum Remembering {
    #[default]
    Never,
    /// Where the person wishes it and the rules allow it.
    OnRequest,
}

/// What an answer was about.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Matter<'a> {
    pub(in crate::proxy) client: &'a str,
    pub(in crate::proxy) kind: &'a ClientKind,
    pub(in crate::proxy) redirect: &'a str,
    /// The names of the scopes.
    pub(in crate::proxy) names: &'a [String],
}

/// One answer, in as few bytes as bind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// A digest of client, redirect and scopes.
    #[serde(rename = "m")]
    matter: String,
    /// When it was given, in seconds since the epoch.
    #[serde(rename = "t")]
    given: u64,
}

/// Reads and writes what browsers remember.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) remembering: Remembering,
    pub(super) ring: KeyRing,
    pub(super) cookies: Cookies,
}

impl Remembered {
    /// Tells whether a person may be offered to have this remembered.
    ///
    /// A registered client's name and a program on loopback are whatever they say they are, and at a service that many people
    /// use the same client may act for somebody else: an answer for one of them says nothing of the next.
    pub(super) fn may_keep(&self, matter: &Matter<'_>) -> bool {
        self.remembering == Remembering::OnRequest
            && matches!(matter.kind, ClientKind::Document { .. } | ClientKind::Preregistered)
            && matches!(Destination::of(matter.redirect), Destination::Web { sharing: Sharing::OneClient, .. })
    }

    /// Looks up what this browser remembers; another site's link must not make use of it.
    pub(super) fn recall(&self, matter: &Matter<'_>, browser: &HeaderMap, now: UnixTime) -> Memory {
        let digest = matter.digest();
        let knows = || self.entries(browser, now).iter().any(|entry| entry.matter == digest);
        if Site::of(browser).is_own() && self.may_keep(matter) && knows() { Memory::Approved } else { Memory::Nothing }
    }

    /// Makes the cookie that remembers one more answer; none where that is not allowed.
    pub(super) fn keep(&self, matter: &Matter<'_>, browser: &HeaderMap, now: UnixTime) -> Option<HeaderValue> {
        if !self.may_keep(matter) {
            return None;
        }
        let one = Entry { matter: matter.digest(), given: now.as_secs() };
        let mut approved = self.entries(browser, now);
        approved.retain(|entry| entry.matter != one.matter);
        approved.push(one);
        approved.drain(..approved.len().saturating_sub(ENTRIES));
        let value = sealed::seal(&self.ring, Purpose::Consent, COOKIE, &approved).ok()?;
        self.cookies.set(COOKIE, &value, LIFE.as_secs())
    }

    /// Counts what this browser remembers.
    pub(super) fn count(&self, browser: &HeaderMap, now: UnixTime) -> usize {
        self.entries(browser, now).len()
    }

    /// Makes the cookie that forgets everything.
    pub(super) fn forget(&self) -> Option<HeaderValue> {
        self.cookies.set(COOKIE, "", 0)
    }

    /// Returns what lasts, oldest first.
    fn entries(&self, browser: &HeaderMap, now: UnixTime) -> Vec<Entry> {
        if self.remembering == Remembering::Never {
            return Vec::new();
        }
        let value = self.cookies.get(browser, COOKIE);
        let kept = value.and_then(|value| sealed::open(&self.ring, Purpose::Consent, COOKIE, value));
        let mut entries: Vec<Entry> = kept.unwrap_or_default();
        entries.retain(|entry| lasts(entry.given, LIFE, now));
        entries
    }
}

impl Matter<'_> {
    fn digest(&self) -> String {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        names.sort_unstable();
        // JSON, so that no text reads as the end of one part and the beginning of the next.
        let text = serde_json::json!([self.client, self.redirect, names]).to_string();
        BASE64_URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
    }
}
