//! Texts that lie in the payload, without a copy of each.

use std::borrow::Cow;

use super::value::Text;
use crate::reject::TokenFault;

/// Where a text stands; what stands further on is more. Payloads are shorter than 64 KiB, because tokens are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    start: u16,
    length: u16,
}

impl Span {
    /// Moves to where the text stands when others were emptied.
    pub(super) fn without(&mut self, gone: impl Iterator<Item = Self>) {
        self.start -= gone.filter(|gone| self.start > gone.start).map(|gone| gone.length).sum::<u16>();
    }
}

/// Some of the spans of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    first: u16,
    count: u16,
}

/// A payload, and behind it the texts that stand escaped in it, unescaped.
#[derive(Clone)]
pub(super) struct Store {
    text: Box<str>,
    payload: usize,
    spans: Box<[Span]>,
}

impl Store {
    pub(super) fn get(&self, span: Span) -> &str {
        let start = usize::from(span.start);
        &self.text[start..start + usize::from(span.length)]
    }

    pub(super) fn all(&self, run: Run) -> impl Iterator<Item = &str> {
        let first = usize::from(run.first);
        self.spans[first..first + usize::from(run.count)].iter().map(|span| self.get(*span))
    }

    /// Returns the payload as it was signed, but for texts that were emptied.
    pub(super) fn payload(&self) -> &str {
        &self.text[..self.payload]
    }

    /// Tells whether a text stands in the payload itself.
    pub(super) fn is_in_payload(&self, text: Span) -> bool {
        usize::from(text.start) < self.payload
    }

    /// Empties texts of the payload, in the order in which they stand there, so that they take no memory.
    pub(super) fn empty(&mut self, gone: impl Iterator<Item = Span> + Clone) {
        let length = gone.clone().map(|gone| usize::from(gone.length)).sum::<usize>();
        let mut kept = String::with_capacity(self.text.len() - length);
        let mut from = 0;
        for gone in gone.clone() {
            kept.push_str(&self.text[from..usize::from(gone.start)]);
            from = usize::from(gone.start) + usize::from(gone.length);
        }
        kept.push_str(&self.text[from..]);
        self.text = kept.into();
        self.payload -= length;
        self.spans.iter_mut().for_each(|span| span.without(gone.clone()));
    }
}

/// Makes a [`Store`] while the members that borrow from its payload are still there.
pub(super) struct Places<'a> {
    payload: &'a str,
    unescaped: String,
    spans: Vec<Span>,
}

/// What is left when nothing borrows from the payload any more.
pub(super) struct Placed {
    unescaped: String,
    spans: Vec<Span>,
}

impl<'a> Places<'a> {
    /// Expects this many texts in lists.
    pub(super) fn new(payload: &'a str, listed: usize) -> Self {
        Self { payload, unescaped: String::new(), spans: Vec::with_capacity(listed) }
    }

    pub(super) fn of(&mut self, text: &Text<'_>) -> Result<Span, TokenFault> {
        let start = match &text.0 {
            // Borrowed from the payload and from nothing else; a text that were not in it would end beyond its end.
            Cow::Borrowed(text) => text.as_ptr().addr().wrapping_sub(self.payload.as_ptr().addr()),
            Cow::Owned(text) => {
                self.unescaped.push_str(text);
                self.payload.len() + self.unescaped.len() - text.len()
            }
        };
        let end = start.checked_add(text.0.len());
        if end.is_none_or(|end| end > self.payload.len() + self.unescaped.len()) {
            return Err(TokenFault::Malformed);
        }
        let short = |number: usize| u16::try_from(number).map_err(|_| TokenFault::Malformed);
        Ok(Span { start: short(start)?, length: short(text.0.len())? })
    }

    pub(super) fn of_all(&mut self, texts: &[Text<'_>]) -> Result<Run, TokenFault> {
        let short = |number: usize| u16::try_from(number).map_err(|_| TokenFault::Malformed);
        let run = Run { first: short(self.spans.len())?, count: short(texts.len())? };
        for text in texts {
            let span = self.of(text)?;
            self.spans.push(span);
        }
        Ok(run)
    }

    pub(super) fn finish(self) -> Placed {
        Placed { unescaped: self.unescaped, spans: self.spans }
    }
}

impl Placed {
    pub(super) fn with(self, mut payload: String) -> Store {
        let length = payload.len();
        payload.push_str(&self.unescaped);
        Store { text: payload.into(), payload: length, spans: self.spans.into() }
    }
}
