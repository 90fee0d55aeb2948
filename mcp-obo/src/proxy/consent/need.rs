//! Whether a person is asked before the sign-in begins.

use http::HeaderMap;

use super::destination::Destination;
use crate::proxy::{
    client::ClientKind,
    wanted::{Prompt, Resource},
};

/// What this browser remembers of an earlier answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Memory {
    Approved,
    Nothing,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Next {
    /// The person is asked.
    Page,
    /// The sign-in begins. Entra is asked to let the person choose an account, since nobody was asked here, unless the client
    /// has a prompt of its own.
    SignIn,
    /// The person would have to be asked, and the client wants no page: `interaction_required`.
    InteractionRequired,
}

/// A request for an authorization, once client and redirect are proven.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Circumstances<'a> {
    pub(in crate::proxy) client: &'a ClientKind,
    pub(in crate::proxy) resource: Resource,
    pub(in crate::proxy) destination: &'a Destination,
    pub(in crate::proxy) prompt: Option<Prompt>,
    pub(in crate::proxy) memory: Memory,
    pub(in crate::proxy) browser: &'a HeaderMap,
}

/// Decides whether the page comes first.
///
/// Where no page does, the person chooses an account at Entra; but with `none` nothing at all would be seen. So that is for
/// requests which no other site can have begun: such a site could send a code to whatever listens on this computer.
pub(in crate::proxy) fn next(request: &Circumstances<'_>) -> Next {
    let is_silent = request.prompt == Some(Prompt::None);
    match (needs_page(request), is_silent) {
        (true, true) => Next::InteractionRequired,
        (true, false) => Next::Page,
        (false, true) if !Site::of(request.browser).is_own() => Next::InteractionRequired,
        (false, _) => Next::SignIn,
    }
}

/// Tells whether a person has to be asked: always, but for what the operator named himself and what was allowed before.
///
/// A client that was led here by somebody else's server names that server's resource, or none at all; so a client that names
/// none is always asked about. `iss` (RFC 9207) would stop it too, but not every client looks at it.
fn needs_page(request: &Circumstances<'_>) -> bool {
    let is_the_operators =
        *request.client == ClientKind::Preregistered && matches!(request.destination, Destination::Loopback { .. });
    let is_harmless = is_the_operators || request.memory == Memory::Approved;
    request.resource != Resource::Ours || !is_harmless
}

/// Tells whether Entra must let the person choose an account: where no page was shown, or where a link by somebody else could
/// tie this person's account to his at a service that many use.
pub(in crate::proxy) fn must_select_account(next: Next, destination: &Destination) -> bool {
    next == Next::SignIn || destination.is_shared()
}

/// Where a request was begun, as the browser says it (W3C Fetch Metadata); programs cannot forge it in a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// The person himself, or a program on his computer.
    Nobody,
    /// A page of this server.
    Ours,
    /// Another page.
    Foreign,
    /// A browser that does not say, or no browser.
    Unsaid,
}

impl Site {
    /// Tells whether no other site can have begun it.
    pub(super) const fn is_own(self) -> bool {
        matches!(self, Self::Nobody | Self::Ours)
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all("sec-fetch-site").into_iter();
        match (values.next().map(http::HeaderValue::as_bytes), values.next()) {
            (None, _) => Self::Unsaid,
            (Some(b"none"), None) => Self::Nobody,
            (Some(b"same-origin"), None) => Self::Ours,
            _ => Self::Foreign,
        }
    }
}
