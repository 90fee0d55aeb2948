//! One check, and what came of it.

use serde::Serialize;
use serde_json::Value;

use crate::failure::Who;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// As it should be.
    Ok,
    /// It works, or will; somebody should look.
    Warn,
    /// It does not work.
    Fail,
    /// It was not made.
    Skipped,
}

impl Status {
    /// Returns a stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
            Self::Skipped => "skipped",
        }
    }
}

/// One check. Nothing secret is in any of its texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// A stable word.
    pub id: &'static str,
    /// Which of several, such as a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What came of it.
    pub status: Status,
    /// What was seen, in one line.
    pub seen: String,
    /// Why it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cure: Option<String>,
    /// Who can do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// What people search for when they meet this.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The check without which this one could not be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_by: Option<String>,
    /// More lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to quote to support.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// The same as the lines, for programs.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

/// What is the matter, for a check that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Why it is so.
    pub cause: String,
    /// What to do.
    pub cure: String,
    /// Who can do that.
    pub who: Who,
    /// What people search for when they meet this.
    pub words: Vec<String>,
}

impl Finding {
    /// Puts a finding into words.
    #[must_use]
    pub fn new(cause: impl Into<String>, cure: impl Into<String>, who: Who, words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { cause: cause.into(), cure: cure.into(), who, words }
    }
}

impl Check {
    /// Says that all is well.
    #[must_use]
    pub fn ok(id: &'static str, seen: impl Into<String>) -> Self {
        Self::new(id, Status::Ok, seen.into())
    }

    /// Says that somebody should look.
    #[must_use]
    pub fn warn(id: &'static str, seen: impl Into<String>, finding: Finding) -> Self {
        Self::new(id, Status::Warn, seen.into()).finding(finding)
    }

    /// Says that it does not work.
    #[must_use]
    pub fn fail(id: &'static str, seen: impl Into<String>, finding: Finding) -> Self {
        Self::new(id, Status::Fail, seen.into()).finding(finding)
    }

    /// Says why the check was not made.
    #[must_use]
    pub fn skipped(id: &'static str, why: impl Into<String>) -> Self {
        Self::new(id, Status::Skipped, why.into())
    }

    /// Says without which other check this one could not be made.
    #[must_use]
    pub fn skipped_because_of(id: &'static str, other: &str) -> Self {
        Self { skipped_by: Some(other.to_owned()), ..Self::skipped(id, format!("not made, because of {other}")) }
    }

    /// Says which of several it is.
    #[must_use]
    pub fn about(mut self, what: impl Into<String>) -> Self {
        self.about = Some(what.into());
        self
    }

    /// Adds lines.
    #[must_use]
    pub fn with_details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }

    /// Adds what to quote to support.
    #[must_use]
    pub fn with_ids(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.ids.extend(ids);
        self
    }

    /// Adds what programs read instead of the lines.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// Makes a warning of a failure: what is broken is not needed here.
    #[must_use]
    pub fn at_most_warn(mut self) -> Self {
        if self.status == Status::Fail {
            self.status = Status::Warn;
        }
        self
    }

    /// Returns its name, as other checks refer to it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.about {
            Some(about) => format!("{} {about}", self.id),
            None => self.id.to_owned(),
        }
    }

    /// Tells whether it came out as a failure.
    #[must_use]
    pub fn is_fail(&self) -> bool {
        self.status == Status::Fail
    }

    fn new(id: &'static str, status: Status, seen: String) -> Self {
        Self {
            id,
            about: None,
            status,
            seen,
            cause: None,
            cure: None,
            who: None,
            words: Vec::new(),
            skipped_by: None,
            details: Vec::new(),
            ids: Vec::new(),
            data: Value::Null,
        }
    }

    fn finding(mut self, finding: Finding) -> Self {
        self.cause = Some(finding.cause);
        self.cure = Some(finding.cure);
        self.who = Some(finding.who);
        self.words = finding.words;
        self
    }
}
