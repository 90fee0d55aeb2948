//! Whom this machine trusts, and who signed what the hosts show.

use std::collections::BTreeMap;

use super::super::{
    check::{Check, Finding},
    endpoint::Need,
    network::{Probed, Trust},
    patient::{EgressFault, Patient},
    words,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "ca";

pub(in super::super) fn check(patient: &Patient, trust: Option<&Result<Trust, String>>, probed: &[Probed]) -> Check {
    let trust = match (&patient.egress, trust) {
        (Err(EgressFault::Roots(text)), _) | (_, Some(Err(text))) => return unreadable(text),
        (Err(EgressFault::Proxy(_)), _) | (_, None) => return Check::skipped_because_of(ID, "proxy"),
        (Ok(_), Some(Ok(trust))) => trust,
    };
    if let Some(check) = untrusted(probed) {
        return check;
    }
    let mut issuers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in probed {
        if let Ok(Some(shown)) = &one.outcome {
            issuers.entry(&shown.issuer).or_default().push(one.endpoint.label());
        }
    }
    let count = trust.count;
    if issuers.is_empty() {
        return Check::ok(ID, format!("{count} authorities are trusted; no host has shown a certificate"));
    }
    let issuers: Vec<_> = issuers.iter().map(|(issuer, hosts)| format!("{issuer} ({})", hosts.join(", "))).collect();
    Check::ok(ID, format!("{count} authorities are trusted, and each certificate ends at one of them"))
        .with_details(issuers.into_iter().map(|line| format!("issued by {line}")))
}

fn unreadable(text: &str) -> Check {
    let finding = Finding::new(
        "A file or folder of CA certificates that was named cannot be used. The server would trust fewer authorities than it was \
         told to, so it does not start.",
        "Write the path of a file that this process may read and that holds CA certificates in PEM form (-----BEGIN \
         CERTIFICATE-----); convert DER with: openssl x509 -inform der -in ca.cer -out ca.pem. A variable that is to name nothing \
         is unset, not empty.",
        Who::Operator,
        &[&["SSL_CERT_FILE", "ENOENT"], words::UNTRUSTED].concat(),
    );
    Check::fail(ID, text, finding)
}

/// Says it once for all hosts behind the same proxy; the ones that the server needs come first.
fn untrusted(probed: &[Probed]) -> Option<Check> {
    let mut found: Vec<_> =
        probed.iter().filter_map(|one| Some((one, one.outcome.as_ref().err()?.untrusted()?))).collect();
    found.sort_by_key(|(one, _)| one.endpoint.need == Need::Guide);
    let (first, shown) = found.first()?;
    let hosts: Vec<_> = found.iter().map(|(one, _)| one.endpoint.label()).collect();
    let seen = format!(
        "the certificate of {} is signed by {:?}, an authority that is not trusted here",
        hosts.join(", "),
        shown.authority
    );
    let finding = Finding::new(
        format!(
            "Something between here and there, mostly a corporate proxy that reads along, shows certificates of its own \
             authority ({:?}), and this machine does not know that authority.",
            shown.authority
        ),
        format!(
            "Ask for the CA certificate of {:?} in PEM form and write its path into SSL_CERT_FILE; the system's own authorities \
             stay trusted. If nobody knows that name, do not trust it: somebody may be listening.",
            shown.authority
        ),
        Who::Operator,
        words::UNTRUSTED,
    );
    let details = found.iter().map(|(one, shown)| {
        format!("{} shows a certificate for {:?}, issued by {:?}", one.endpoint.label(), shown.subject, shown.issuer)
    });
    let check = Check::fail(ID, seen, finding).with_details(details);
    Some(if first.endpoint.need == Need::Guide { check.at_most_warn() } else { check })
}
