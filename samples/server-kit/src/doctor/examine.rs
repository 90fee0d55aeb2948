//! All checks, in the order in which each depends on those before it.

use std::{future::Future, net::IpAddr, time::Duration};

use futures_util::future::join_all;
use mcp_auth_layer::verify::Verifier;
use tokio::time::{self, Instant};

use super::{
    account::Account,
    check::{Check, Finding, Status},
    checks::{
        ca, clock, configuration, credential, discovery, dns, hosting, keys, listener, permissions, proxy, reach, roles,
    },
    errand::Errand,
    network::{self, Probed, Trust},
    patient::{Patient, Service},
    report::Report,
    rights, words,
};
use crate::failure::Who;

/// How long a run may take; who waits for a doctor is in trouble already.
const RUN: Duration = Duration::from_secs(20);

/// How long the network's part of it may take.
const NETWORK: Duration = Duration::from_secs(11);

/// What a run has found.
#[derive(Debug)]
pub struct Examination {
    pub(super) patient: Patient,
    pub(super) report: Report,
    pub(super) probed: Vec<Probed>,
    /// Who the hosting identity is, where it answered.
    pub(super) account: Option<Account>,
    /// The address that this machine sends from.
    pub(super) source: Option<IpAddr>,
}

impl Examination {
    /// Returns all checks.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }
}

/// Examines a server; takes 20 s at most, and needs no network to come to an end.
pub async fn examine(patient: Patient) -> Examination {
    let deadline = Instant::now() + RUN;
    let mut checks = vec![configuration::check(&patient)];
    let (trust, probed) = survey(&patient).await;
    checks.push(proxy::check(&patient, &probed));
    checks.extend(probed.iter().map(dns::check));
    checks.push(ca::check(&patient, trust.as_ref(), &probed));
    checks.extend(probed.iter().map(reach::check));
    let (more, account) = match &patient.service {
        Some(service) => of_service(&patient, service, &probed, deadline).await,
        None => (Rest::all_skipped(patient.unfit()), None),
    };
    checks.extend(more);
    checks.extend(patient.own.iter().cloned());
    if let Some(service) = &patient.service
        && let Some(place) = &service.listener
    {
        let check = within(deadline, listener::check(place, &*patient.resolver)).await;
        checks.push(check.unwrap_or_else(|| late(listener::ID)));
    }
    let report = Report::new(patient.program, checks);
    Examination { report, probed, account, source: network::source().await, patient }
}

/// Takes the way to each host, all at once.
async fn survey(patient: &Patient) -> (Option<Result<Trust, String>>, Vec<Probed>) {
    let Ok(egress) = &patient.egress else { return (None, Vec::new()) };
    let trust = match Trust::of(egress) {
        Ok(trust) => trust,
        Err(error) => return (Some(Err(crate::settings::explained(&error))), Vec::new()),
    };
    let until = Instant::now() + NETWORK;
    let probes = patient.endpoints.iter().map(|endpoint| {
        let (trust, resolver) = (&trust, &*patient.resolver);
        async move {
            let probed = within(until, network::probe(endpoint, egress, trust, resolver)).await;
            probed.unwrap_or_else(|| Probed::out_of_time(endpoint, egress))
        }
    });
    let mut probed = join_all(probes).await;
    network::compare(&mut probed);
    (Some(Ok(trust)), probed)
}

/// What hangs on the tenant: nothing of it is asked where the way there is closed.
async fn of_service(
    patient: &Patient,
    service: &Service,
    probed: &[Probed],
    deadline: Instant,
) -> (Vec<Check>, Option<Account>) {
    if let Some(closed) = closed(service, probed) {
        return (Rest::all_skipped(&closed), None);
    }
    let verifier = Verifier::entra(&service.app);
    let discovered = within(deadline, discovery::ask(service)).await.unwrap_or_default();
    let mut checks = vec![clock::check(discovered.ahead)];
    let found = discovered.check.unwrap_or_else(|| late(discovery::ID));
    let is_found = !found.is_fail() && discovered.jwks_uri.is_some();
    checks.push(found);
    if !is_found {
        checks.extend(Rest::skipped(&Rest::OF_TENANT, discovery::ID));
        return (checks, None);
    }
    let jwks_uri = discovered.jwks_uri.unwrap_or_default();
    let (keys, credential, (host, accounts)) = tokio::join!(
        within(deadline, keys::check(service, &verifier, &jwks_uri)),
        within(deadline, credential::check(service)),
        async {
            let done = within(deadline, hosting::check(service, &hosted(patient))).await;
            done.unwrap_or_else(|| (hosting::late(RUN), Vec::new()))
        },
    );
    let (keys, credential) =
        (keys.unwrap_or_else(|| late(keys::ID)), credential.unwrap_or_else(|| late(credential::ID)));
    // A warning of the host's is that no token came, which others need.
    let is_blocking = |check: &&Check| check.is_fail() || (check.id == hosting::ID && check.status == Status::Warn);
    let blocking = [&credential, &host, &keys].into_iter().find(is_blocking).map(Check::name);
    checks.extend([keys, credential, host]);
    match blocking {
        Some(other) => checks.extend(Rest::skipped(&Rest::OF_IDENTITY, &other)),
        None => {
            let more = within(deadline, rights::check(patient, service, &verifier, &accounts)).await;
            checks.extend(more.unwrap_or_else(|| vec![late(permissions::ID)]));
        }
    }
    (checks, accounts.into_iter().next().map(|(_, account)| account))
}

/// What is called as the hosting identity.
fn hosted(patient: &Patient) -> Vec<&Errand> {
    patient.errands.iter().filter(|errand| errand.is_hosted()).collect()
}

/// Returns the check that says why Entra cannot be asked.
fn closed(service: &Service, probed: &[Probed]) -> Option<String> {
    let host = service.app.authority().host();
    let own = probed.iter().find(|one| one.endpoint.url().origin().ascii_serialization() == host)?;
    let fault = own.outcome.as_ref().err()?;
    let label = own.endpoint.label();
    Some(match fault {
        fault if fault.untrusted().is_some() => ca::ID.to_owned(),
        fault if fault.is_of_proxy_itself() => proxy::ID.to_owned(),
        network::fault::Fault::Name(_) => format!("{} {label}", dns::ID),
        _ => format!("{} {label}", reach::ID),
    })
}

/// The checks that hang on others.
struct Rest;

impl Rest {
    const OF_IDENTITY: [&'static str; 2] = [permissions::ID, roles::ID];
    const OF_TENANT: [&'static str; 5] = [keys::ID, credential::ID, hosting::ID, permissions::ID, roles::ID];

    fn skipped(ids: &[&'static str], other: &str) -> Vec<Check> {
        ids.iter().map(|id| Check::skipped_because_of(id, other)).collect()
    }

    fn all_skipped(other: &str) -> Vec<Check> {
        let mut checks = Self::skipped(&[clock::ID, discovery::ID], other);
        checks.extend(Self::skipped(&Self::OF_TENANT, other));
        checks
    }
}

async fn within<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    time::timeout_at(deadline, work).await.ok()
}

fn late(id: &'static str) -> Check {
    let finding = Finding::new(
        "What was asked did not answer in the time that a run may take.",
        "Run it again; if it stays, look at the load of what is asked, and at what stands between.",
        Who::Nobody,
        words::TIMED_OUT,
    );
    Check::fail(id, format!("no end within {} s", RUN.as_secs()), finding)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, future::pending};

    use mcp_obo::BoxFuture;

    use super::*;
    use crate::doctor::{
        endpoint::{Endpoint, Need},
        network::{fault::NameFault, resolve::Resolver},
    };

    /// A resolver that never answers.
    #[derive(Debug)]
    struct Hanging;

    impl Resolver for Hanging {
        fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, NameFault>> {
            Box::pin(pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_ends_in_time_whatever_hangs() {
        let begun = Instant::now();
        let patient = Patient::new("server", &BTreeMap::new())
            .with_endpoints(Endpoint::new("https://contoso.vault.azure.net", "a vault", Need::Server))
            .with_resolver(Hanging);
        let examination = examine(patient).await;
        let report = examination.report();
        assert!(begun.elapsed() <= RUN, "{:?}", begun.elapsed());
        let first = report.first_fault().unwrap();
        assert_eq!(first.name(), "reach contoso.vault.azure.net", "{report}");
        assert!(first.words.iter().any(|word| word == "ETIMEDOUT"), "{report}");
        assert_eq!(report.of("dns").next().unwrap().skipped_by.as_deref(), Some("reach contoso.vault.azure.net"));
    }
}
