//! All checks of a run, for people and for programs.

use std::fmt::{self, Write};

use serde::Serialize;

use super::check::{Check, Status};
use crate::failure::Who;

/// What a run of the doctor has found.
///
/// `Display` is for people, `Serialize` for programs: the ids of checks and the words of their status are stable.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    program: &'static str,
    /// The worst of all.
    status: Status,
    /// The name of the first check that failed; whatever failed after it may be its consequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_fault: Option<String>,
    checks: Vec<Check>,
}

impl Report {
    /// Sums the checks up, which stand in the order in which each depends on those before it.
    #[must_use]
    pub fn new(program: &'static str, checks: Vec<Check>) -> Self {
        let has = |status| checks.iter().any(|check| check.status == status);
        let status = match () {
            () if has(Status::Fail) => Status::Fail,
            () if has(Status::Warn) => Status::Warn,
            () => Status::Ok,
        };
        let first_fault = checks.iter().find(|check| check.is_fail()).map(Check::name);
        Self { program, status, first_fault, checks }
    }

    /// Returns the worst of all.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns the first check that failed, if one did.
    #[must_use]
    pub fn first_fault(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.is_fail())
    }

    /// Returns all checks.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Returns the checks with this id.
    pub fn of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Check> {
        self.checks.iter().filter(move |check| check.id == id)
    }

    /// Returns what the program ends with: 1 for a failure, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(self.status == Status::Fail)
    }

    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f = &mut Plain(f);
        let (failed, warned) = (self.count(Status::Fail), self.count(Status::Warn));
        let skipped = self.count(Status::Skipped);
        match self.first_fault() {
            Some(check) => writeln!(f, "{}: {}: {}", self.program, check.name(), check.seen)?,
            None => writeln!(f, "{}: no fault was found", self.program)?,
        }
        writeln!(f, "{} checks: {failed} failed, {warned} with a warning, {skipped} not made\n", self.checks.len())?;
        for check in &self.checks {
            writeln!(f, "{:7}  {:44}  {}", check.status.as_str(), check.name(), check.seen)?;
        }
        for status in [Status::Fail, Status::Warn] {
            for check in self.checks.iter().filter(|check| check.status == status) {
                detail(f, check)?;
            }
        }
        Ok(())
    }
}

fn detail(f: &mut impl Write, check: &Check) -> fmt::Result {
    writeln!(f, "\n{}: {}", check.status.as_str(), check.name())?;
    writeln!(f, "  seen   {}", check.seen)?;
    let lines =
        [("cause", check.cause.as_deref()), ("cure", check.cure.as_deref()), ("who", check.who.map(Who::as_str))];
    for (name, text) in lines.into_iter().filter_map(|(name, text)| text.map(|text| (name, text))) {
        writeln!(f, "  {name:5}  {text}")?;
    }
    if !check.words.is_empty() {
        writeln!(f, "  words  {}", check.words.join(", "))?;
    }
    check.ids.iter().try_for_each(|id| writeln!(f, "  quote  {id}"))?;
    check.details.iter().try_for_each(|line| writeln!(f, "    {line}"))
}

/// Lets lines through, and no character by which a text commands a terminal or turns its order round.
///
/// Values of variables, certificates and answers are somebody else's words.
pub(super) struct Plain<W>(pub(super) W);

impl<W: Write> Write for Plain<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|one| match one {
            '\n' => self.0.write_char(one),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                write!(self.0, "{}", one.escape_unicode())
            }
            _ if one.is_control() => write!(self.0, "{}", one.escape_default()),
            _ => self.0.write_char(one),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Finding;

    fn finding(word: &str) -> Finding {
        Finding::new("the cause", "the cure", Who::Operator, &[word])
    }

    #[test]
    fn the_first_fault_comes_first_and_what_hangs_on_it_says_so() {
        let report = Report::new(
            "server",
            vec![
                Check::ok("configuration", "fine"),
                Check::warn("clock", "2 minutes late", finding("skew")),
                Check::fail("dns", "no such name", finding("ENOTFOUND"))
                    .about("a.example")
                    .with_ids(["id 7".to_owned()]),
                Check::skipped_because_of("reach", "dns a.example").about("a.example"),
                Check::fail("listener", "taken", finding("EADDRINUSE")).with_details(["one more line".to_owned()]),
            ],
        );
        let text = report.to_string();
        assert!(
            text.starts_with("server: dns a.example: no such name\n5 checks: 2 failed, 1 with a warning, 1 not made\n")
        );
        let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
        assert!(place("\nFAIL: dns") < place("\nFAIL: listener") && place("\nFAIL: listener") < place("\nwarn: clock"));
        for part in
            ["words  ENOTFOUND", "quote  id 7", "    one more line", "who    the operator", "because of dns a.example"]
        {
            place(part);
        }
        assert_eq!((report.exit_code(), report.status()), (1, Status::Fail));

        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["status"], &json["firstFault"]), (&"fail".into(), &"dns a.example".into()));
        assert_eq!(json["checks"][3]["skippedBy"], "dns a.example");
        assert_eq!(json["checks"][0], serde_json::json!({"id": "configuration", "status": "ok", "seen": "fine"}));
    }

    #[test]
    fn nothing_that_was_seen_commands_the_terminal() {
        let seen = "NO_PROXY excepts \u{1b}]0;x\u{7}\u{9b}2J\u{202e}moc.live\r";
        let check = Check::fail("proxy", seen, finding(seen)).about(seen).with_details([seen.to_owned()]);
        let text = Report::new("server", vec![check.with_ids([seen.to_owned()])]).to_string();
        let is_odd = |one: char| one != '\n' && (one.is_control() || one == '\u{202e}');
        assert!(!text.contains(is_odd) && text.contains("\\u{1b}]0;x") && text.contains("\\r"), "{text:?}");
    }

    #[test]
    fn a_warning_is_no_failure() {
        let well = Report::new("server", vec![Check::ok("configuration", "fine")]);
        let warned = Report::new("server", vec![Check::warn("clock", "late", finding("skew"))]);
        assert_eq!((well.exit_code(), warned.exit_code()), (0, 0));
        assert!(warned.to_string().starts_with("server: no fault was found\n"));
    }
}
