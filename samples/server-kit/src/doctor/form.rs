//! In which form a run's findings are printed.

use std::io::{self, Write as _};

use clap::Args;

use super::examine::Examination;

/// The form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For the administrator.
    ForAdmin,
}

/// How a program is asked for a form.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct FormOptions {
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// Prints a request to the administrator instead, to paste into a ticket; ends with 0.
    #[arg(long, conflicts_with = "json")]
    pub for_admin: bool,
}

impl From<FormOptions> for Form {
    fn from(options: FormOptions) -> Self {
        match options {
            FormOptions { json: true, .. } => Self::Json,
            FormOptions { for_admin: true, .. } => Self::ForAdmin,
            _ => Self::Text,
        }
    }
}

impl Form {
    /// Writes to standard output, and returns what the program ends with.
    ///
    /// A request to the administrator is what was asked for, whatever was found.
    #[must_use]
    pub fn print(self, examination: &Examination) -> u8 {
        let report = examination.report();
        let text = match self {
            Self::Text => report.to_string(),
            Self::Json => serde_json::to_string_pretty(report).unwrap_or_default() + "\n",
            Self::ForAdmin => examination.request_for_admin(),
        };
        let mut out = io::stdout();
        // A reader that has seen enough closes the pipe, as `head` does.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if self == Self::ForAdmin { 0 } else { report.exit_code() }
    }
}
