//! What a person sees when a sign-in goes no further.
//!
//! Each says what happened, what to do, and a reference by which whoever runs the server finds the line in the log. Nothing leads
//! anywhere from here: a refused request must not become an open redirect (RFC 6749 section 4.1.2.1).

use std::time::Duration;

use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use maud::{Markup, html};

use super::{
    frame::{Frame, Page},
    said::{Part, Said},
    ticket::Refusal,
};
use crate::proxy::{reference::Reference, registration::Registration, respond::Answer};

/// Makes these pages.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct Pages(Frame);

impl Pages {
    pub(super) const fn new(frame: Frame) -> Self {
        Self(frame)
    }

    /// The client is not known, or not any more (400).
    pub(in crate::proxy) fn client_unknown(&self, reference: Reference) -> Answer {
        let said = html! {
            p { "This server does not know the app that sent you here. It may have known it once." }
            p {
                "In the app, remove what it keeps about this server – “Sign out”, “Clear authentication” or “Disconnect” – "
                "and connect again. If that does not help, remove the server from the app and add it once more."
            }
        };
        self.answer(StatusCode::BAD_REQUEST, "App not known", &said, reference)
    }

    /// The redirect URI is not allowed, or not any more (400).
    pub(in crate::proxy) fn redirect_not_allowed(&self, redirect: &str, reference: Reference) -> Answer {
        let said = html! {
            p {
                "The app that sent you here asked for the answer to go to an address that this server does not allow. "
                "Nothing was sent there."
            }
            @if let Some(redirect) = Said::new(redirect, Part::Address) { p.address { code { (redirect) } } }
            p {
                "If you started this yourself, ask whoever runs the server to add the address to its list. "
                "If you did not, close this page."
            }
        };
        self.answer(StatusCode::BAD_REQUEST, "Address not allowed", &said, reference)
    }

    /// The request cannot be understood, and there is nobody to send that to (400).
    pub(in crate::proxy) fn request_malformed(&self, what: &'static str, reference: Reference) -> Answer {
        let said = html! {
            p { "The app that sent you here asked in a way that this server does not understand: " (what) "." }
            p { "Start again from the app. If it happens again, tell whoever makes the app." }
        };
        self.answer(StatusCode::BAD_REQUEST, "Request not understood", &said, reference)
    }

    /// What a browser brought back is no answer of the sign-in (400).
    pub(in crate::proxy) fn answer_malformed(&self, reference: Reference) -> Answer {
        let said = html! {
            p { "What your browser brought back is no answer of the sign-in at Microsoft. Nobody was signed in." }
            p { "Go back to the app and connect again. If somebody sent you a link to here, close this page." }
        };
        self.answer(StatusCode::BAD_REQUEST, "Answer not understood", &said, reference)
    }

    /// A form of these pages does nothing (400, or 403 where this browser was never shown it).
    pub(in crate::proxy) fn form_refused(&self, why: Refusal, reference: Reference) -> Answer {
        let (status, title, what) = match why {
            Refusal::Incomplete => (StatusCode::BAD_REQUEST, "No answer", "No answer arrived."),
            Refusal::Expired => (StatusCode::BAD_REQUEST, "Too late", "The page was open for too long."),
            Refusal::Foreign | Refusal::OtherSite | Refusal::NoProof => (
                StatusCode::FORBIDDEN,
                "Answer not accepted",
                "The answer does not come from a page that was open in this browser, or it was given before.",
            ),
        };
        let said = html! {
            p { (what) " Nothing was allowed." }
            p { "If you want to let an app in, go back to the app and connect again. Otherwise close this page." }
        };
        self.answer(status, title, &said, reference)
    }

    /// Entra's answer arrives in a browser that did not begin the sign-in (403).
    pub(in crate::proxy) fn begun_elsewhere(&self, reference: Reference) -> Answer {
        let said = html! {
            p { "This sign-in was not begun in this browser, or it took longer than ten minutes. Nobody was signed in." }
            p { "Go back to the app and connect again. If somebody sent you a link to here, close this page." }
        };
        self.answer(StatusCode::FORBIDDEN, "Sign-in stopped", &said, reference)
    }

    /// Entra, or this server, cannot be reached for now (503).
    pub(in crate::proxy) fn unavailable(&self, retry_after: Duration, reference: Reference) -> Answer {
        let said = html! {
            p { "Signing in does not work for now. It is nothing that you did." }
            p { "Wait a minute, then connect again from the app." }
        };
        let mut response = self.answer(StatusCode::SERVICE_UNAVAILABLE, "Try again later", &said, reference);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
        response
    }

    /// The app at Entra lacks this server's callback (503; AADSTS50011, 700025, 7000218).
    pub(in crate::proxy) fn not_set_up(&self, lacks: &Registration, reference: Reference) -> Answer {
        let said = html! {
            p { "This server is not set up at Microsoft as it should be, so nobody can sign in. It is nothing that you did." }
            p { "Whoever runs it must register this redirect URI:" }
            dl {
                div { dt { "Redirect URI" } dd { code { (lacks.callback()) } } }
                div { dt { "Platform" } dd { (lacks.platform().as_str()) } }
                div { dt { "App" } dd { code { (lacks.app()) } } }
            }
        };
        self.answer(StatusCode::SERVICE_UNAVAILABLE, "Not set up", &said, reference)
    }

    fn answer(&self, status: StatusCode, title: &'static str, said: &Markup, reference: Reference) -> Answer {
        let main = html! { h1 { (title) } (said) };
        let footer = html! {
            p { "If you ask for help, give this reference: " code { (reference.to_string()) } }
        };
        self.0.answer(Page { status, title, main, footer })
    }
}
