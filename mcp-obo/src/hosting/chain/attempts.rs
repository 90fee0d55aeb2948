//! What came of each credential, for people.

use std::{borrow::Cow, fmt, time::Duration};

use mcp_auth_layer::clock::UnixTime;
use serde::{Serialize, Serializer};

use super::name::CredentialName;

/// What came of asking a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It gave the token.
    Used,
    /// It was not asked.
    Skipped,
    /// It is not set up here.
    Unavailable,
    /// It is set up, and gave no token.
    Failed,
}

impl Outcome {
    /// Returns a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Skipped => "skipped",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }
}

/// Text of ours, or made of ours and of what is safe to show.
pub(super) type Words = Cow<'static, str>;

/// One credential's turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    credential: CredentialName,
    outcome: Outcome,
    reason: Words,
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<Words>,
    #[serde(serialize_with = "seconds")]
    at: UnixTime,
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    took: Duration,
}

impl Attempt {
    pub(super) const fn new(credential: CredentialName, outcome: Outcome, reason: Words, at: UnixTime) -> Self {
        Self { credential, outcome, reason, cure: None, at, took: Duration::ZERO }
    }

    pub(super) fn cured_by(self, cure: Option<Words>) -> Self {
        Self { cure, ..self }
    }

    pub(super) fn taking(self, took: Duration) -> Self {
        Self { took, ..self }
    }

    /// Returns which credential it was.
    #[must_use]
    pub const fn credential(&self) -> CredentialName {
        self.credential
    }

    /// Returns what came of it.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns why; nothing secret is in it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns what would change it, where that is known.
    #[must_use]
    pub fn cure(&self) -> Option<&str> {
        self.cure.as_deref()
    }

    /// Returns when its turn began.
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// Returns how long it took.
    #[must_use]
    pub const fn took(&self) -> Duration {
        self.took
    }
}

/// The turns of all credentials, in the order in which they were asked; those that were not chosen come last.
///
/// `Display` is a table, `Serialize` a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Attempts(pub(super) Vec<Attempt>);

impl Attempts {
    /// Returns each turn.
    pub fn iter(&self) -> impl Iterator<Item = &Attempt> {
        self.0.iter()
    }

    /// Returns the turn of one credential.
    #[must_use]
    pub fn of(&self, credential: CredentialName) -> Option<&Attempt> {
        self.0.iter().find(|attempt| attempt.credential == credential)
    }

    /// Tells whether both say the same, whenever that was and however long it took.
    pub(super) fn say_the_same(&self, other: &Self) -> bool {
        let said = |attempts: &Self| -> Vec<(CredentialName, Outcome, Words)> {
            attempts.0.iter().map(|one| (one.credential, one.outcome, one.reason.clone())).collect()
        };
        said(self) == said(other)
    }

    /// Writes what was tried in one line.
    pub(super) fn summary(&self) -> String {
        let tried = self.0.iter().filter(|attempt| attempt.outcome != Outcome::Skipped);
        let tried: Vec<String> = tried
            .map(|attempt| match &attempt.cure {
                Some(cure) => format!("{}: {} ({cure})", attempt.credential, attempt.reason),
                None => format!("{}: {}", attempt.credential, attempt.reason),
            })
            .collect();
        tried.join("; ")
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDEST: usize = 28;
        write!(f, "{:WIDEST$}  {:11}  {:>7}  why", "credential", "outcome", "time")?;
        for attempt in &self.0 {
            let took = format!("{:.1} s", attempt.took.as_secs_f64());
            let (outcome, reason) = (attempt.outcome.as_str(), &attempt.reason);
            write!(f, "\n{:WIDEST$}  {outcome:11}  {took:>7}  {reason}", attempt.credential)?;
            if let Some(cure) = &attempt.cure {
                write!(f, "; {cure}")?;
            }
        }
        Ok(())
    }
}

fn seconds<S: Serializer>(at: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(at.as_secs())
}

fn milliseconds<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}
