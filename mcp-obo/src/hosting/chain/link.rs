//! One credential of a chain: a name, and a way to a token.

use std::{fmt, time::Duration};

use super::{
    super::itself,
    attempts::{Outcome, Words},
    name::CredentialName,
};
use crate::{
    aadsts,
    access_token::AccessToken,
    boxed::BoxFuture,
    error::{ExchangeError, ExchangeErrorKind, explained},
    target::Target,
};

/// Whoever may have a token for this service.
pub(super) trait Link: fmt::Debug + Send + Sync {
    fn name(&self) -> CredentialName;

    /// Asks for a token; nothing is kept here but what saves a person another sign-in.
    fn token<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>>;

    /// Tells whether a claims request goes with the question.
    fn takes_claims(&self) -> bool {
        false
    }

    /// How long it may take; it is given up a little later, in case that it does not keep to it.
    fn patience(&self) -> Duration;

    /// What cures a token that an API refuses although it was issued again.
    fn sign_in_again(&self) -> &'static str {
        itself::REFUSED
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    pub(super) target: &'a Target,
    pub(super) challenge: Option<&'a str>,
}

/// Why a credential has no token.
#[derive(Debug)]
pub(super) struct Miss {
    pub(super) outcome: Outcome,
    pub(super) reason: Words,
    pub(super) cure: Option<Words>,
    pub(super) lasts: Lasts,
    /// What to hand on where this credential alone is asked: ids of Entra's, and when to come again.
    pub(super) error: Option<ExchangeError>,
}

/// Whether another attempt may succeed although nobody does anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    UntilCured,
    /// It is about the API that was asked for: the same identity may have tokens of others, and keeps its place.
    ForThisApi,
    AWhile,
}

impl Miss {
    /// It is not set up here.
    pub(super) fn unavailable(reason: impl Into<Words>) -> Self {
        Self::new(Outcome::Unavailable, reason)
    }

    /// It is set up, and gives no token.
    pub(super) fn failed(reason: impl Into<Words>) -> Self {
        Self::new(Outcome::Failed, reason)
    }

    fn new(outcome: Outcome, reason: impl Into<Words>) -> Self {
        Self { outcome, reason: reason.into(), cure: None, lasts: Lasts::UntilCured, error: None }
    }

    pub(super) fn cured_by(self, cure: impl Into<Words>) -> Self {
        Self { cure: Some(cure.into()), ..self }
    }

    pub(super) fn for_this_api(self) -> Self {
        Self { lasts: Lasts::ForThisApi, ..self }
    }

    pub(super) fn for_a_while(self) -> Self {
        Self { lasts: Lasts::AWhile, ..self }
    }

    /// What Entra, or the way to it, said of a credential that is presented there.
    pub(super) fn of_entra(error: ExchangeError) -> Self {
        let miss = Self::failed(explained(&error)).cured_by(error.advice());
        let lasts = match error.kind() {
            ExchangeErrorKind::Throttled | ExchangeErrorKind::Unavailable => Lasts::AWhile,
            _ if error.aadsts_code().is_some_and(aadsts::is_about_the_api) => Lasts::ForThisApi,
            _ => Lasts::UntilCured,
        };
        Self { lasts, error: Some(error), ..miss }
    }
}
