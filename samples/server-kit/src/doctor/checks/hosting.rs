//! Who the place is where the server runs, and whether it gets tokens.

use std::time::Duration;

use futures_util::future::join_all;
use mcp_obo::{
    HostingIdentity, Target, TokenSource,
    hosting::chain::{Attempt, CredentialName},
};

use super::{
    super::{
        account::Account,
        check::{Check, Finding},
        errand::Errand,
        patient::Service,
        words,
    },
    refusal,
};
use crate::{failure::Who, settings::host};

pub(in super::super) const ID: &str = "hosting";

/// The check, and who answered for each target.
pub(in super::super) async fn check(service: &Service, errands: &[&Errand]) -> (Check, Vec<(Target, Account)>) {
    let Some(identity) = &service.hosting else {
        return (Check::skipped(ID, "not used: APIs are called on behalf of the user"), Vec::new());
    };
    let targets = targets(errands);
    let answers = join_all(targets.iter().map(|target| identity.token(target))).await;
    let mut accounts = Vec::new();
    let mut failed = None;
    for (target, answer) in targets.into_iter().zip(answers) {
        match answer {
            Ok(token) => accounts.push((target, Account::of(&token))),
            Err(error) => {
                let whose = format!("{}, for {}", identity.description(), target.resource());
                failed.get_or_insert_with(|| refusal::check(ID, &whose, &error));
            }
        }
    }
    let now = service.app.clock().now().as_secs();
    let check = failed.unwrap_or_else(|| {
        let who = accounts.first().map_or_else(|| "no API is declared".to_owned(), |(_, account)| account.line(now));
        Check::ok(ID, format!("{}: {who}", identity.description()))
    });
    (for_a_person(with_attempts(check, identity), identity), accounts)
}

/// The server would ask a person where all else failed; the doctor does not, so that it cannot tell whether that works.
fn for_a_person(check: Check, identity: &HostingIdentity) -> Check {
    let chain = identity.credential_chain().filter(|chain| {
        let asks = chain.selection().credentials().contains(&CredentialName::InteractiveBrowser);
        asks && chain.in_use().is_none() && chain.attempts().iter().any(is_willing)
    });
    match chain {
        Some(_) if check.is_fail() => check.at_most_warn(),
        _ => check,
    }
}

/// A window was not opened because this only looks.
fn is_willing(attempt: &Attempt) -> bool {
    attempt.credential() == CredentialName::InteractiveBrowser && attempt.reason().contains(host::ONLY_LOOKS)
}

/// Adds what came of each credential, where several were asked.
fn with_attempts(mut check: Check, identity: &HostingIdentity) -> Check {
    let attempts = identity.credential_chain().map(|chain| chain.attempts());
    let Some(attempts) = attempts.filter(|attempts| attempts.iter().next().is_some()) else { return check };
    if check.is_fail() {
        check.words.extend(CHAIN.map(str::to_owned));
    }
    let table = attempts.to_string();
    check.with_details(table.lines().map(str::to_owned)).with_data(serde_json::to_value(&attempts).unwrap_or_default())
}

/// What the Azure SDKs say when no credential of theirs works.
const CHAIN: [&str; 4] = [
    "CredentialUnavailableError",
    "DefaultAzureCredential failed to retrieve a token",
    "ChainedTokenCredential authentication failed",
    "AZURE_TOKEN_CREDENTIALS",
];

/// Says that nobody answered before the run was over.
pub(in super::super) fn late(run: Duration) -> Check {
    let finding = Finding::new(
        "A credential of the host did not answer.",
        "Choose one by AZURE_TOKEN_CREDENTIALS; a deployed server has prod, a developer signs in first (az login).",
        Who::Operator,
        &[words::TIMED_OUT, &CHAIN].concat(),
    );
    Check::fail(ID, format!("no credential answered within {} s", run.as_secs()), finding)
}

/// Each API once.
pub(super) fn targets(errands: &[&Errand]) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for errand in errands {
        if !targets.contains(&errand.target) {
            targets.push(errand.target.clone());
        }
    }
    targets
}
