//! This server's authorization code: Entra's, sealed together with what must be proved to redeem it.
//!
//! Nobody is asked for tokens before the client has proved itself, so no token ever travels through a browser. A code is good
//! once because Entra's is (AADSTS54005), and where there is a [ledger](super::ledger) by its word before that.

use std::{fmt, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::*;
use mcp_auth_layer::clock::UnixTime;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use super::{
    client::ClientDigest,
    lasting::lasts,
    pkce::{Challenge, Verifier},
    sealed::{self, TooLong},
};
use crate::seal::{KeyRing, Purpose};

/// RFC 6749 section 4.1.2 recommends ten minutes at most; clients redeem at once.
pub(super) const LIFE: Duration = Duration::from_secs(5 * 60);

/// What a client gets for a sign-in.
#[derive(Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) client: ClientDigest,
    pub(super) redirect: String,
    pub(super) challenge: Challenge,
    pub(super) names: Vec<String>,
    pub(super) echo: String,
    pub(super) verifier: Verifier,
    /// Entra's own code.
    pub(super) upstream: Zeroizing<String>,
    /// When it was made, in seconds since the epoch.
    pub(super) made: u64,
}

impl Code {
    pub(super) fn seal(&self, ring: &KeyRing) -> Result<String, TooLong> {
        sealed::seal(ring, Purpose::Code, "", self)
    }

    /// Opens a code of this server's while it lasts.
    pub(super) fn open(ring: &KeyRing, text: &str, now: UnixTime) -> Option<Self> {
        let code: Self = sealed::open(ring, Purpose::Code, "", text)?;
        lasts(code.made, LIFE, now).then_some(code)
    }

    /// Names the session that it begins, the same each time that it is redeemed.
    ///
    /// Not of the text: a browser that comes back twice makes two texts of one sign-in. Not of Entra's code alone: whoever has
    /// read that in an address could bring it back in a flow of his own, and so end a session that is not his.
    pub(super) fn family(&self) -> String {
        // Both have no null byte in them, so no two pairs make one text.
        let proof = self.verifier.expose_secret().as_bytes();
        let text = [b"mcp-obo session", proof, self.upstream.as_bytes()].join(&0);
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &text))
    }

    /// Returns the host of the redirect, for the audit trail.
    pub(super) fn redirect_host(&self) -> Option<String> {
        Url::parse(&self.redirect).ok()?.host_str().map(ToOwned::to_owned)
    }

    /// Tells whether a client may redeem it: the same client, the same redirect if it names one, and the proof.
    ///
    /// OAuth 2.1 has dropped `redirect_uri` here; clients that send it must send the same (RFC 6749 section 4.1.3).
    pub(super) fn is_for(&self, client: &ClientDigest, redirect: Option<&str>, verifier: &str) -> bool {
        self.client == *client
            && redirect.is_none_or(|redirect| redirect == self.redirect)
            && self.challenge.is_met_by(verifier)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("client", &self.client).field("redirect", &self.redirect).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

    fn code(made: u64) -> Code {
        let verifier = Verifier::random();
        Code {
            client: ClientDigest::of("client"),
            redirect: "http://127.0.0.1:1/".to_owned(),
            challenge: verifier.challenge(),
            names: Vec::new(),
            echo: String::new(),
            verifier,
            upstream: Zeroizing::new("entra-code".to_owned()),
            made,
        }
    }

    #[test]
    fn a_code_from_the_future_is_none() {
        let ring = KeyRing::ephemeral();
        for (name, ahead, expected) in [("by a clock that is ahead", 60, true), ("by a clock that is wrong", 61, false)]
        {
            let text = code(NOW.as_secs() + ahead).seal(&ring).unwrap();
            assert_eq!(Code::open(&ring, &text, NOW).is_some(), expected, "{name}");
        }
    }

    #[test]
    fn who_knows_entras_code_cannot_name_the_session_that_comes_of_it() {
        let (own, thiefs) = (code(NOW.as_secs()), code(NOW.as_secs()));
        assert_eq!(own.upstream, thiefs.upstream, "read in a browser's history");
        assert_ne!(own.family(), thiefs.family(), "his flow has a proof of its own");
        let again = Code { made: own.made + 1, verifier: own.verifier.clone(), ..code(0) };
        assert_eq!(own.family(), again.family(), "a browser that comes back twice");
    }
}
