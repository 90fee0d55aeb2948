//! The guide's nine questions to an administrator: those that the checks have answered, and those that are open.

use std::fmt::Write as _;

use super::super::{
    check::{Check, Status},
    checks::{credential, hosting, permissions, roles},
    examine::Examination,
};

/// What is known about a question.
enum Answer {
    Known(String),
    Open,
}

/// The five questions, and the four on Conditional Access.
type Question = (&'static str, fn(&Examination) -> Answer);

const QUESTIONS: [Question; 9] = [
    ("Is local authentication (keys, SAS) disabled at the resources?", local_authentication),
    ("Which data-plane roles does the acting identity have?", data_plane_roles),
    ("Is Conditional Access in the way?", conditional_access),
    ("Is a user or a service principal preferred as the acting identity?", |_| Answer::Open),
    ("Are there private endpoints or a firewall in the way?", network),
    ("Do Conditional Access policies concern this sign-in?", sign_in),
    ("Is the device compliant?", device),
    ("Is there an exception for development?", |_| Answer::Open),
    ("Which methods of signing in should be used?", |_| Answer::Open),
];

/// Writes those that nobody here can answer.
pub(super) fn open(examination: &Examination) -> String {
    let mut lines = String::new();
    for (question, answer) in QUESTIONS {
        if matches!(answer(examination), Answer::Open) {
            let _ = writeln!(lines, "- {question}");
        }
    }
    lines
}

/// Writes those that the checks have answered.
pub(super) fn answered(examination: &Examination) -> String {
    let mut lines = String::new();
    for (question, answer) in QUESTIONS {
        if let Answer::Known(answer) = answer(examination) {
            let _ = writeln!(lines, "- {question} {answer}");
        }
    }
    lines
}

/// Nothing here ever uses a key, so that the answer changes nothing.
fn local_authentication(_: &Examination) -> Answer {
    Answer::Known("It does not matter: this server uses Entra alone, no key, no SAS.".to_owned())
}

fn data_plane_roles(examination: &Examination) -> Answer {
    let mut checks = examination.report().of(roles::ID).peekable();
    if checks.peek().is_none() {
        return Answer::Open;
    }
    let is_known = |check: &Check| matches!(check.status, Status::Ok | Status::Fail) && check.about.is_some();
    let all: Vec<_> = checks.collect();
    if !all.iter().all(|check| is_known(check)) {
        return Answer::Open;
    }
    let of = |check: &&Check| {
        let enough = if check.is_fail() { "not enough" } else { "enough" };
        format!("{}: {enough}", check.about.as_deref().unwrap_or_default())
    };
    Answer::Known(format!("{}.", all.iter().map(of).collect::<Vec<_>>().join(", ")))
}

/// The codes with which Entra says that a policy decided.
const POLICY: [(&str, &str); 9] = [
    ("AADSTS53000", "it wants a compliant device"),
    ("AADSTS53001", "it wants a device that is joined to the domain"),
    ("AADSTS53003", "it blocks the sign-in"),
    ("AADSTS53009", "it wants a protected app"),
    ("AADSTS530003", "it wants a managed device"),
    ("AADSTS50076", "it wants multi-factor authentication"),
    ("AADSTS50079", "it wants multi-factor authentication to be set up"),
    ("AADSTS50158", "it wants an external challenge"),
    ("AADSTS50105", "the account is not assigned to the app"),
];

fn policy(examination: &Examination) -> Option<(&'static str, &'static str)> {
    let checks = examination.report().checks();
    POLICY.into_iter().find(|(code, _)| checks.iter().any(|check| check.words.iter().any(|word| word == code)))
}

fn conditional_access(examination: &Examination) -> Answer {
    match policy(examination) {
        Some((code, what)) => Answer::Known(format!("Yes: {what} ({code}).")),
        None if has_signed_in(examination) => Answer::Known("Not for the identity that was tried.".to_owned()),
        None => Answer::Open,
    }
}

fn sign_in(examination: &Examination) -> Answer {
    match policy(examination) {
        Some((code, _)) => Answer::Known(format!("Yes ({code}); the sign-in log names the policy by the ids above.")),
        None if has_signed_in(examination) => Answer::Known("None that stopped it just now.".to_owned()),
        None => Answer::Open,
    }
}

/// The acting identity got its token: the user of `MCP_TOKEN`, or the hosting identity.
fn has_signed_in(examination: &Examination) -> bool {
    let is_ok = |id| examination.report().of(id).any(|check| check.status == Status::Ok);
    is_ok(hosting::ID) || (is_ok(credential::ID) && is_ok(permissions::ID))
}

fn device(examination: &Examination) -> Answer {
    match policy(examination) {
        Some((code @ ("AADSTS53000" | "AADSTS53001" | "AADSTS530003"), _)) => Answer::Known(format!("No ({code}).")),
        _ => Answer::Open,
    }
}

fn network(examination: &Examination) -> Answer {
    if examination.probed.is_empty() || examination.probed.iter().any(|one| one.outcome.is_err()) {
        return Answer::Open;
    }
    let private: Vec<_> =
        examination.probed.iter().filter(|one| one.is_private()).map(|one| one.endpoint.host()).collect();
    let private = if private.is_empty() {
        "none by a private address".to_owned()
    } else {
        format!("privately {}", private.join(", "))
    };
    Answer::Known(format!("Every endpoint above was reached, {private}."))
}
