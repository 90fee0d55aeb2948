//! Whether the settings can be used, and from where they come.

use super::super::{
    check::{Check, Finding},
    patient::Patient,
};
use crate::failure::Who;

const ID: &str = "configuration";

pub(in super::super) fn check(patient: &Patient) -> Check {
    let source = match &patient.env_file {
        Some(file) => format!("the environment and {}", file.display()),
        None => "the environment; there is no .env.local here, or it is not read in production".to_owned(),
    };
    let (mistakes, warnings) = (&patient.mistakes, &patient.warnings);
    if let Some(first) = mistakes.first() {
        let more = mistakes.len() - 1;
        let seen = if more == 0 { first.clone() } else { format!("{first} (and {more} more)") };
        let finding = Finding::new(
            format!("The settings cannot be used, and the server does not start. They come from {source}."),
            "Correct each of the lines below.",
            Who::Operator,
            &["exit code 2", ".env.local", "environment variable"],
        );
        return Check::fail(ID, seen, finding).with_details(mistakes.iter().cloned());
    }
    if patient.service.is_none() {
        return Check::skipped_because_of(ID, patient.unfit());
    }
    if !warnings.is_empty() {
        let finding = Finding::new(
            format!("The settings can be used. They come from {source}."),
            "Read the lines below.",
            Who::Operator,
            &[".env.local"],
        );
        let names: Vec<_> = warnings.iter().filter_map(|text| variable(text)).collect();
        let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        let many = if warnings.len() == 1 { "a warning".to_owned() } else { format!("{} warnings", warnings.len()) };
        let seen = format!("it can be used, with {many}{names}");
        return Check::warn(ID, seen, finding).with_details(warnings.iter().cloned());
    }
    Check::ok(ID, format!("read from {source}"))
}

/// Most lines begin with the variable that they are about.
fn variable(text: &str) -> Option<&str> {
    let name = text.split([':', '=', ' ']).next()?;
    let good = name.len() > 2 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    good.then_some(name)
}
