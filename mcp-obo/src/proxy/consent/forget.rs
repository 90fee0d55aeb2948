//! The page on which a person has a browser forget what it remembers.

use http::StatusCode;
use maud::{Markup, html};

use super::{FORGET, frame::Page};

const TITLE: &str = "Apps that are remembered";

/// Says how many apps this browser remembers, and offers to forget them.
pub(super) fn offer(count: usize, ticket: &str) -> Page {
    page(html! {
        p {
            @if count == 1 { "This browser remembers one app that you let in, and does not ask about it." }
            @else { "This browser remembers " (count) " apps that you let in, and does not ask about them." }
        }
        form method="post" action=(FORGET) autocomplete="off" {
            input type="hidden" name="ticket" value=(ticket);
            p.answers { button type="submit" { "Ask me about every app again" } }
        }
    })
}

/// Says that there is nothing to forget.
pub(super) fn nothing() -> Page {
    page(html! { p { "This browser remembers no app. You are asked about each one." } })
}

fn page(said: Markup) -> Page {
    let main = html! { h1 { (TITLE) } (said) };
    let footer = html! { p { "Apps that are signed in stay signed in. To end that, sign out in the app." } };
    Page { status: StatusCode::OK, title: TITLE, main, footer }
}

/// Says that it is done.
pub(super) fn done() -> Page {
    let main = html! {
        h1 { "Done" }
        p role="status" { "You are asked about every app again in this browser." }
    };
    Page { status: StatusCode::OK, title: "Done", main, footer: html! { p { "You can close this page." } } }
}
