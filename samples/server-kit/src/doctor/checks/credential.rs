//! With what the server proves that it is its app, and whether Entra takes it.

use mcp_auth_layer::clock::UnixTime;
use mcp_obo::{Exchange, ExchangeErrorKind, credential::CredentialStatus};

use super::{
    super::{
        check::{Check, Finding},
        patient::Service,
    },
    refusal,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "credential";

const DAY: u64 = 86_400;

/// From here on somebody should see to a new one.
const SOON: u64 = 30 * DAY;

pub(in super::super) async fn check(service: &Service) -> Check {
    let Some(credentials) = &service.credentials else {
        return Check::skipped(ID, "no user is acted for, so that the app needs none");
    };
    let now = service.app.clock().now();
    let before = credentials.status(now);
    if let Some(ended) = all_ended(&before, now) {
        return ended;
    }
    let asked = Exchange::new(&service.app, credentials.clone()).check_credential().await;
    let after = credentials.status(now);
    match asked {
        Err(error) => {
            let check = refusal::check(ID, &kinds(&before, now), &error);
            // An outage says nothing about the credential, and still nothing works.
            if error.kind() == ExchangeErrorKind::Throttled { check.at_most_warn() } else { check }
        }
        Ok(()) => accepted(&after, now),
    }
    .with_details(after.iter().map(|status| shown(status, now)))
}

/// Asking Entra with what has ended only adds a failed sign-in.
fn all_ended(all: &[CredentialStatus], now: UnixTime) -> Option<Check> {
    let is_ended = !all.is_empty() && all.iter().all(|status| status.is_expired(now));
    is_ended.then(|| {
        let finding = Finding::new(
            "The certificate's time is over, so that Entra refuses everything that it signs.",
            "Make a new certificate, register its public part at the app registration, and put it where this server reads it.",
            Who::Operator,
            &["AADSTS1000502", "AADSTS700027", "certificate expired"],
        );
        Check::fail(ID, format!("{} has expired", kinds(all, now)), finding)
    })
}

fn accepted(all: &[CredentialStatus], now: UnixTime) -> Check {
    let in_use = all.first().map(|status| shown(status, now)).unwrap_or_default();
    let seen = format!("Entra accepts {in_use}");
    let worry = all.iter().find(|status| status.is_set_back() || status.is_expired(now) || ends_soon(status, now));
    match worry {
        None => Check::ok(ID, seen),
        Some(status) if status.is_set_back() => {
            let finding = Finding::new(
                format!(
                    "Another one stands in for it: {} was refused, or could not be presented.",
                    status.kind().as_str()
                ),
                "Renew it; until then an outage of the other one is an outage of the server.",
                Who::Operator,
                &["credential_refused"],
            );
            Check::warn(ID, seen, finding)
        }
        Some(status) => {
            let finding = Finding::new(
                format!("A credential ends soon, or has: {}.", shown(status, now)),
                "Renew it in time: register the new one beside the old one first.",
                Who::Operator,
                &["certificate expired", "rotate"],
            );
            Check::warn(ID, seen, finding)
        }
    }
}

fn ends_soon(status: &CredentialStatus, now: UnixTime) -> bool {
    status.ends_at().is_some_and(|end| now.until(end).as_secs() < SOON)
}

fn kinds(all: &[CredentialStatus], now: UnixTime) -> String {
    let shown: Vec<_> = all.iter().map(|status| shown(status, now)).collect();
    shown.join(", then ")
}

/// A secret's end is nowhere but at the registration.
fn shown(status: &CredentialStatus, now: UnixTime) -> String {
    let kind = status.kind().as_str();
    match status.ends_at() {
        _ if status.is_set_back() => format!("{kind} (refused, or could not be presented)"),
        Some(end) if end <= now => format!("{kind} (ended {} days ago)", end.until(now).as_secs() / DAY),
        Some(end) => format!("{kind} ({} days left)", now.until(end).as_secs() / DAY),
        None => format!("{kind} (its end is not known here)"),
    }
}

/// Returns the kinds of credential in words, for a request to an administrator.
pub(in super::super) fn used(service: &Service) -> Option<String> {
    let now = service.app.clock().now();
    service.credentials.as_ref().map(|credentials| kinds(&credentials.status(now), now))
}
