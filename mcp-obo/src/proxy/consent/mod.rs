//! The page between a client's request and the sign-in at Entra.
//!
//! Entra knows one app, this server, and asks a person about it once; every client that comes after is silently let in with it.
//! So this server asks about each client itself, before Entra is involved (MCP security best practices, "Confused Deputy
//! Problem").

mod destination;
mod forget;
mod frame;
mod need;
mod page;
mod pages;
mod remembered;
mod said;
#[cfg(test)]
mod tests;
mod ticket;

use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use mcp_auth_layer::clock::UnixTime;

pub(super) use self::{
    destination::Destination,
    need::{Circumstances, Memory, Next, must_select_account, next},
    page::{Introduction, Wording},
    pages::Pages,
    remembered::{Matter, Remembering},
    ticket::{Pending, Refusal},
};
use self::{
    frame::Frame,
    page::{Offer, Offers, Question},
    remembered::Remembered,
    ticket::{Form, Tickets},
};
use super::{
    client::ClientKind, cookie::Cookies, issuer::Issuer, parameters::Parameters, respond::Answer, sealed::TooLong,
};
use crate::seal::KeyRing;

/// Where the answer is posted.
pub(super) const PATH: &str = "/authorize/consent";

/// Where a browser is made to forget: GET shows the page, POST does it.
pub(super) const FORGET: &str = "/authorize/forget";

/// Asks people, and hears their answers.
#[derive(Clone, Debug)]
pub(super) struct Consent {
    wording: Wording,
    frame: Frame,
    tickets: Tickets,
    remembered: Remembered,
}

/// What a person answered.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) pending: Pending,
    pub(super) verdict: Verdict,
    /// To be set with whatever answers the form: without them it could be sent again.
    pub(super) cookies: Vec<HeaderValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Approved,
    /// The client is told `access_denied`.
    Cancelled,
}

impl Consent {
    pub(super) fn new(issuer: &Issuer, ring: &KeyRing, wording: Wording, remembering: Remembering) -> Self {
        let cookies = Cookies::new(issuer.transport());
        Self {
            frame: Frame::new(&wording.service),
            tickets: Tickets { ring: ring.clone(), cookies },
            remembered: Remembered { remembering, ring: ring.clone(), cookies },
            wording,
        }
    }

    /// Returns the pages for what goes wrong.
    pub(super) fn pages(&self) -> Pages {
        Pages::new(self.frame.clone())
    }

    /// Looks up what this browser remembers of a client.
    pub(super) fn recall(&self, matter: &Matter<'_>, browser: &HeaderMap, now: UnixTime) -> Memory {
        self.remembered.recall(matter, browser, now)
    }

    /// Asks a person about a client.
    pub(super) fn ask(
        &self,
        client: &Introduction<'_>,
        pending: &Pending,
        browser: &HeaderMap,
        now: UnixTime,
    ) -> Result<Answer, TooLong> {
        let destination = Destination::of(&pending.redirect);
        let form = Form::Ask { pending: Box::new(pending.clone()), kind: client.kind.clone() };
        let issued = self.tickets.issue(form, browser, now)?;
        let remember = offer(self.remembered.may_keep(&matter(pending, &client.kind)));
        let question = Question {
            wording: &self.wording,
            client,
            destination: &destination,
            names: &pending.names,
            ticket: &issued.ticket,
            offers: Offers { remember, forget: offer(self.remembered.count(browser, now) > 0) },
        };
        Ok(with_cookies(self.frame.answer(question.page()), issued.cookies))
    }

    /// Hears the answer that this browser posts to [`PATH`].
    pub(super) fn decide(&self, form: &Parameters, browser: &HeaderMap, now: UnixTime) -> Result<Decision, Refusal> {
        let ticket = form.get("ticket").ok_or(Refusal::Incomplete)?;
        let verdict = match form.get("answer") {
            Some("approve") => Verdict::Approved,
            Some("cancel") => Verdict::Cancelled,
            _ => return Err(Refusal::Incomplete),
        };
        let redeemed = self.tickets.redeem(ticket, browser, now)?;
        let Form::Ask { pending, kind } = redeemed.form else { return Err(Refusal::Foreign) };
        let wishes = verdict == Verdict::Approved && form.get("remember") == Some("yes");
        let matter = matter(&pending, &kind);
        let kept = wishes.then(|| self.remembered.keep(&matter, browser, now)).flatten();
        let cookies = [redeemed.end].into_iter().chain(kept).collect();
        Ok(Decision { pending: *pending, verdict, cookies })
    }

    /// Shows how many answers this browser remembers, and offers to forget them.
    pub(super) fn offer_to_forget(&self, browser: &HeaderMap, now: UnixTime) -> Result<Answer, TooLong> {
        let count = self.remembered.count(browser, now);
        if count == 0 {
            return Ok(self.frame.answer(forget::nothing()));
        }
        let issued = self.tickets.issue(Form::Forget, browser, now)?;
        let page = forget::offer(count, &issued.ticket);
        Ok(with_cookies(self.frame.answer(page), issued.cookies))
    }

    /// Has this browser forget, by the form that it posts to [`FORGET`].
    pub(super) fn forget(&self, form: &Parameters, browser: &HeaderMap, now: UnixTime) -> Result<Answer, Refusal> {
        let ticket = form.get("ticket").ok_or(Refusal::Incomplete)?;
        let redeemed = self.tickets.redeem(ticket, browser, now)?;
        let Form::Forget = redeemed.form else { return Err(Refusal::Foreign) };
        let cookies = [redeemed.end].into_iter().chain(self.remembered.forget());
        Ok(with_cookies(self.frame.answer(forget::done()), cookies))
    }
}

fn matter<'a>(pending: &'a Pending, kind: &'a ClientKind) -> Matter<'a> {
    Matter { client: &pending.client, kind, redirect: &pending.redirect, names: &pending.names }
}

fn offer(is_allowed: bool) -> Offer {
    if is_allowed { Offer::Made } else { Offer::NotMade }
}

fn with_cookies(mut response: Answer, cookies: impl IntoIterator<Item = HeaderValue>) -> Answer {
    response.headers_mut().extend(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
    response
}
