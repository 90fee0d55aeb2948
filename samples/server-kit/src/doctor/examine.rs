//! All checks, in the order in which each depends on those before it.

use std::{future::Future, net::IpAddr, time::Duration};

use futures_util::future::join_all;
use mcp_auth_layer::{VerifiedToken, token::BearerToken, verify::Verifier};
use mcp_obo::{AccessToken, BoxFuture, Exchange, ExchangeError, Target, TokenSource};
use secrecy::ExposeSecret as _;
use tokio::time::{self, Instant};

use super::{
    account::Account,
    check::{Check, Finding},
    checks::{
        ca, clock, configuration, credential, discovery, dns, hosting, keys, listener, permissions, proxy, reach, roles,
    },
    errand::Errand,
    network::{self, Probed, Trust},
    patient::{Patient, Service},
    report::Report,
    words,
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
    let probed = join_all(probes).await;
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
            let done = within(deadline, hosting::check(service, &patient.errands)).await;
            done.unwrap_or_else(|| (late(hosting::ID), Vec::new()))
        },
    );
    let (keys, credential) =
        (keys.unwrap_or_else(|| late(keys::ID)), credential.unwrap_or_else(|| late(credential::ID)));
    let blocking = [&credential, &host, &keys].into_iter().find(|check| check.is_fail()).map(Check::name);
    checks.extend([keys, credential, host]);
    match blocking {
        Some(other) => checks.extend(Rest::skipped(&Rest::OF_IDENTITY, &other)),
        None => {
            let more = within(deadline, rights(patient, service, &verifier, &accounts)).await;
            checks.extend(more.unwrap_or_else(|| vec![late(permissions::ID)]));
        }
    }
    (checks, accounts.into_iter().next().map(|(_, account)| account))
}

/// What each identity may do: the hosting identity, and the user of `MCP_TOKEN`.
async fn rights(
    patient: &Patient,
    service: &Service,
    verifier: &Verifier,
    accounts: &[(Target, Account)],
) -> Vec<Check> {
    let errands = &patient.errands[..];
    let (hosted, acted_for): (Vec<&Errand>, Vec<&Errand>) = errands.iter().partition(|errand| errand.is_hosted());
    let of_host = async {
        let checks = permissions::of_host(accounts, errands);
        match &service.hosting {
            Some(identity) => followed_by_roles(checks, identity, &hosted).await,
            None => checks,
        }
    };
    let of_user = async {
        if acted_for.is_empty() {
            return Vec::new();
        }
        match (&service.user_token, &service.credentials) {
            (Some(token), Some(credentials)) => {
                let token = BearerToken::new(token.expose_secret().trim());
                match verifier.verify(token).await {
                    Ok(user) => {
                        let exchange = Exchange::new(&service.app, credentials.clone());
                        let exchange = acted_for.iter().fold(exchange, |all, errand| all.add_target(&errand.target));
                        let user = AsUser { exchange, user };
                        followed_by_roles(permissions::of_user(&user, errands).await, &user, &acted_for).await
                    }
                    Err(rejection) => vec![not_for_us(service, &rejection.to_string())],
                }
            }
            _ => {
                let mut checks = permissions::of_nobody(service, errands).await;
                let why = "a user's roles show with a user only (MCP_TOKEN)";
                checks.extend(acted_for.iter().map(|errand| roles::unasked(errand, why)));
                checks
            }
        }
    };
    let (mut checks, of_user) = tokio::join!(of_host, of_user);
    checks.extend(of_user);
    // In the order of what depends on what, whoever acts.
    checks.sort_by_key(|check| check.id == roles::ID);
    checks
}

async fn followed_by_roles(mut checks: Vec<Check>, who: &dyn TokenSource, errands: &[&Errand]) -> Vec<Check> {
    match checks.iter().find(|check| check.is_fail()).map(Check::name) {
        Some(other) => checks.push(Check::skipped_because_of(roles::ID, &other)),
        None => checks.extend(roles::of(who, errands).await),
    }
    checks
}

fn not_for_us(service: &Service, why: &str) -> Check {
    let id = service.app.client_id();
    let finding = Finding::new(
        "The token in MCP_TOKEN is not one that this server lets in, so that nothing can be found out by it.",
        format!(
            "Get one with: az account get-access-token --scope api://{id}/access_as_user --query accessToken --output tsv"
        ),
        Who::Caller,
        &["401", "invalid_token", "MCP_TOKEN"],
    );
    Check::fail(permissions::ID, format!("MCP_TOKEN: {why}"), finding)
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

/// The user of a token, acted for as in a request.
#[derive(Debug)]
struct AsUser {
    exchange: Exchange,
    user: VerifiedToken,
}

impl TokenSource for AsUser {
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(self.exchange.token(&self.user, target))
    }

    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(self.exchange.token_with_claims(&self.user, target, challenge))
    }

    fn invalidate(&self, target: &Target, spent: &AccessToken) {
        self.exchange.invalidate(&self.user, target, spent);
    }
}
