//! The page on which a person allows a client in.

use http::StatusCode;
use maud::{Markup, html};

use super::{
    FORGET, PATH,
    destination::{Destination, Sharing},
    frame::Page,
    said::{Part, Said},
};
use crate::proxy::client::ClientKind;

/// Who a client says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Introduction<'a> {
    /// How it is known, which is what can be relied upon.
    pub(in crate::proxy) kind: ClientKind,
    /// What it is called, mostly by itself.
    pub(in crate::proxy) name: Option<&'a str>,
}

/// What this server is called and does, in words for people.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct Wording {
    /// The name of the service, such as `Message Center`.
    pub(in crate::proxy) service: String,
    /// The host at which people sign in.
    pub(in crate::proxy) authority: String,
    /// For each scope a sentence that goes on after "It may", such as `read your messages`.
    pub(in crate::proxy) scopes: Vec<(String, String)>,
}

/// What the page offers besides its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) remember: Offer,
    pub(super) forget: Offer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Made,
    NotMade,
}

/// What a person is asked.
pub(super) struct Question<'a> {
    pub(super) wording: &'a Wording,
    pub(super) client: &'a Introduction<'a>,
    pub(super) destination: &'a Destination,
    pub(super) names: &'a [String],
    pub(super) ticket: &'a str,
    pub(super) offers: Offers,
}

impl Question<'_> {
    pub(super) fn page(&self) -> Page {
        let main = html! {
            h1 { "Let an app use " (self.wording.service) "?" }
            p.asks { (self.who()) " wants to use " strong { (self.wording.service) } " in your name." }
            @if let Some(warning) = warning(self.destination) {
                p.warning role="note" { (warning) " " strong { (ONLY) } }
            }
            (self.facts())
            (self.form())
        };
        Page { status: StatusCode::OK, title: "Let an app in?", main, footer: self.footer() }
    }

    fn who(&self) -> Markup {
        let name = self.client.name.and_then(|name| Said::new(name, Part::Name));
        match (&self.client.kind, name) {
            (ClientKind::Preregistered, Some(name)) => {
                html! { strong { (name) } ", an app that this server's operator has set up," }
            }
            (ClientKind::Preregistered, None) => html! { "An app that this server's operator has set up" },
            (ClientKind::Registered, Some(name)) => {
                html! { "A program that gives its name as “" strong { (name) } "”" }
            }
            (ClientKind::Registered, None) => html! { "A program that gives no name" },
            // The host first: whatever the name says, it says after that.
            (ClientKind::Document { host }, name) => html! {
                "An app of the website " strong { (shown(host)) }
                @if let Some(name) = name { ", which calls it “" (name) "”," }
            },
        }
    }

    fn facts(&self) -> Markup {
        html! {
            dl {
                @if self.client.kind == ClientKind::Registered {
                    div {
                        dt { "Who is it?" }
                        dd { "Nobody has checked. Any program can give itself any name." }
                    }
                }
                div {
                    dt { "What may it do?" }
                    dd { ul role="list" { @for name in self.names { li { (self.scope(name)) } } } }
                }
                div {
                    dt { "Where does the answer go?" }
                    dd { (whereto(self.destination)) }
                }
                div {
                    dt { "Where do you sign in?" }
                    dd {
                        "At Microsoft (" strong { (self.wording.authority) } "), on the next page. "
                        "The app does not see your password."
                    }
                }
            }
        }
    }

    fn scope(&self, name: &str) -> Markup {
        match self.wording.scopes.iter().find(|(known, _)| known == name) {
            Some((_, sentence)) => html! { "It may " (sentence) "." },
            None => html! { "It may use what this server calls " code { (shown_as(name, Part::Scope)) } "." },
        }
    }

    /// Cancel comes first: it is what a browser chooses when somebody just presses Enter.
    fn form(&self) -> Markup {
        html! {
            form method="post" action=(PATH) autocomplete="off" {
                input type="hidden" name="ticket" value=(self.ticket);
                @if self.offers.remember == Offer::Made {
                    p.choice {
                        input type="checkbox" id="remember" name="remember" value="yes";
                        label for="remember" { "Do not ask me about this app again in this browser for 30 days" }
                    }
                }
                p.answers {
                    button type="submit" name="answer" value="cancel" { "Cancel" }
                    button type="submit" name="answer" value="approve" { "Approve" }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            p { "The app gets nothing before you approve and sign in. To stop here, choose Cancel or close this page." }
            @if self.offers.forget == Offer::Made {
                p { a href=(FORGET) { "Apps that this browser does not ask about" } }
            }
        }
    }
}

const ONLY: &str = "Only continue if you started this yourself a moment ago.";

/// What cannot be known of whoever gets the answer.
const fn warning(destination: &Destination) -> Option<&'static str> {
    match destination {
        Destination::Loopback { .. } | Destination::App { .. } => {
            Some("The answer goes to a program on this computer, and nobody can tell which one that is.")
        }
        Destination::Web { sharing: Sharing::ManyPeople, .. } => {
            Some("Many people use the website that gets the answer, and any of them could have sent you here.")
        }
        Destination::Web { sharing: Sharing::OneClient, .. } => None,
    }
}

fn whereto(destination: &Destination) -> Markup {
    match destination {
        Destination::Loopback { host } => html! { "To a program on this computer (" strong { (shown(host)) } ")." },
        Destination::Web { host, .. } => html! { "To the website " strong { (shown(host)) } "." },
        Destination::App { scheme } => {
            html! { "To the app on this computer that opens " strong { (shown(scheme)) ":" } " links." }
        }
    }
}

fn shown(host: &str) -> Markup {
    shown_as(host, Part::Host)
}

fn shown_as(text: &str, part: Part) -> Markup {
    match Said::new(text, part) {
        Some(said) => html! { (said) },
        None => html! { "(nothing that can be read)" },
    }
}
