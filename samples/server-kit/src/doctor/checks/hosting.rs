//! Who the place is where the server runs, and whether it gets tokens.

use futures_util::future::join_all;
use mcp_obo::{Target, TokenSource, outgoing::ActingAs};

use super::{
    super::{account::Account, check::Check, errand::Errand, patient::Service},
    refusal,
};

pub(in super::super) const ID: &str = "hosting";

/// The check, and who answered for each target.
pub(in super::super) async fn check(service: &Service, errands: &[Errand]) -> (Check, Vec<(Target, Account)>) {
    let Some(identity) = &service.hosting else {
        return (Check::skipped(ID, "not used: APIs are called on behalf of the user"), Vec::new());
    };
    let targets = targets(errands, ActingAs::HostingIdentity);
    let answers = join_all(targets.iter().map(|target| identity.token(target))).await;
    let lines = service.attempts.as_ref().map(|attempts| attempts()).unwrap_or_default();
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
    (check.with_details(lines), accounts)
}

/// Each API once that is called as this identity.
pub(super) fn targets(errands: &[Errand], who: ActingAs) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for errand in errands.iter().filter(|errand| errand.acting_as == who) {
        if !targets.contains(&errand.target) {
            targets.push(errand.target.clone());
        }
    }
    targets
}
