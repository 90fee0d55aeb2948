//! The credential chain: whoever the host offers, asked in the order of the Azure SDKs.
//!
//! | link | who |
//! |---|---|
//! | `EnvironmentCredential` | a service principal, by its secret or certificate |
//! | `WorkloadIdentityCredential` | a workload of Kubernetes; only where it is chosen |
//! | `ManagedIdentityCredential` | the machine; only where it is chosen |
//! | `VisualStudioCredential` | nobody: there is none outside .NET on Windows |
//! | `AzureCliCredential`, `AzurePowerShellCredential`, `AzureDeveloperCliCredential` | the developer who signed in to the tool |
//! | `InteractiveBrowserCredential` | whoever signs in to a window that opens; never with `prod` or another name |
//!
//! One that fails hands over to the next. The first that gives a token stays the only one that is asked, for the life of the
//! process, until it fails in a way that neither passes by itself nor is about one API alone; then all are asked again. Every
//! attempt is kept with its reason
//! and its cure ([`CredentialChain::attempts`]), and none of a tool's or Entra's own words are in them but what is cleaned and
//! cut. Nothing here reads the environment: what [`HostValues`] does not say is not known. The one exception is
//! `azure_identity`'s managed identity, see [`managed_identity`](crate::managed_identity).
//!
//! The tokens themselves are kept by [`HostingIdentity`](crate::HostingIdentity), as those of its other sources.

mod attempts;
mod browser;
mod environment;
mod error;
mod identity;
mod link;
mod managed;
mod name;
mod principal;
mod selection;
#[cfg(test)]
mod tests;
mod tool;
mod values;
mod visual_studio;
mod window;
mod workload;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mcp_auth_layer::{EntraApp, clock::Clock};
use tokio::time::Instant;

pub use self::{
    attempts::{Attempt, Attempts, Outcome},
    error::NoCredential,
    identity::Identity,
    name::CredentialName,
    selection::{Frontend, Selection, SelectionError},
    values::{CertificateChain, HostValues},
    window::{BrowserOptions, Opener},
};
use self::{
    browser::Browser,
    environment::Environment,
    link::{Ask, Lasts, Link, Miss},
    managed::Managed,
    tool::{AZURE_CLI, AZURE_DEVELOPER_CLI, AZURE_POWER_SHELL, DeveloperTool},
    visual_studio::VisualStudio,
    workload::Workload,
};
use crate::{
    access_token::AccessToken,
    error::{ExchangeError, ExchangeErrorKind, Failure},
    target::Target,
};

/// The credentials of a host, in their order.
///
/// Cloning is cheap, and clones share which credential is in use. No constructor asks anybody.
#[derive(Clone)]
pub struct CredentialChain(Arc<Inner>);

struct Inner {
    selection: Selection,
    notices: Vec<&'static str>,
    links: Vec<Box<dyn Link>>,
    clock: Arc<dyn Clock>,
    /// Passed by one at a time: who asks for another API meanwhile takes the credential that was found, and nobody is asked
    /// twice to sign in.
    turnstile: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

/// What came of it so far.
#[derive(Default)]
struct Known {
    /// Which link gives the tokens.
    used: Option<usize>,
    attempts: Attempts,
    identity: Option<Identity>,
    /// What stands in the log already.
    logged: Option<Attempts>,
    /// When all were asked in vain last, if that was not for the sake of one API.
    in_vain: Option<(Instant, ExchangeError)>,
}

/// What came of asking the link in use.
enum Stayed {
    Token(AccessToken),
    /// It is in use no more.
    Lost(Miss),
}

/// How much longer than it says a link may take before it is given up.
const GRACE: Duration = Duration::from_secs(2);

impl CredentialChain {
    /// Makes a chain of what is chosen; `app` lends its cloud, its network and its clock, and nothing else.
    ///
    /// What is wrong with one of the values is no error yet: it is the reason why that credential has no token.
    #[must_use]
    pub fn new(app: &EntraApp, selection: Selection, host: HostValues) -> Self {
        let host = Arc::new(host);
        let links = selection.credentials().iter().map(|name| link(*name, selection, app, &host)).collect();
        Self::of(selection, selection.notices(&host), links, Arc::clone(app.clock()))
    }

    fn of(selection: Selection, notices: Vec<&'static str>, links: Vec<Box<dyn Link>>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            selection,
            notices,
            links,
            clock,
            turnstile: tokio::sync::Mutex::default(),
            known: Mutex::default(),
        }))
    }

    /// Returns what was chosen.
    #[must_use]
    pub fn selection(&self) -> Selection {
        self.0.selection
    }

    /// Returns what an operator should be told at the start: a choice that is not what it seems.
    #[must_use]
    pub fn notices(&self) -> &[&'static str] {
        &self.0.notices
    }

    /// Returns what came of each credential when they were asked last; empty before the first call.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.0.known().attempts.clone()
    }

    /// Returns which credential gives the tokens; none before the first token, and after one has failed for good.
    #[must_use]
    pub fn in_use(&self) -> Option<CredentialName> {
        self.0.known().used.map(|at| self.0.links[at].name())
    }

    /// Returns whose the last token was, as far as it says so itself.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        self.0.known().identity.clone()
    }

    /// Asks for a token that has not ended.
    pub(super) async fn token(&self, target: &Target, challenge: Option<&str>) -> Result<AccessToken, ExchangeError> {
        let (ask, came_at) = (Ask { target, challenge }, Instant::now());
        let mut lost = None;
        if let Some(at) = self.in_place() {
            match self.0.stay(at, ask).await? {
                Stayed::Token(token) => return Ok(token),
                Stayed::Lost(miss) => lost = Some((at, miss)),
            }
        }
        let _turn = self.0.turnstile.lock().await;
        if let Some(at) = self.in_place() {
            match self.0.stay(at, ask).await? {
                Stayed::Token(token) => return Ok(token),
                Stayed::Lost(miss) => lost = Some((at, miss)),
            }
        }
        // Or each API's callers would wait for the same programs to hang, and be shown the same window, one after the other.
        match self.0.in_vain_since(came_at) {
            Some(error) if challenge.is_none() => Err(error),
            _ => self.0.walk(ask, lost).await,
        }
    }

    fn in_place(&self) -> Option<usize> {
        self.0.known().used
    }

    /// Tells whether a token is another account's than the last one, as far as both say whose they are.
    pub(super) fn disowns(&self, token: &AccessToken) -> bool {
        let known = self.0.known();
        let present = known.identity.as_ref().and_then(Identity::object_id);
        present.is_some_and(|present| Identity::of(token).object_id().is_some_and(|own| own != present))
    }

    /// Tells whether a claims request goes with the question.
    pub(super) fn takes_claims(&self) -> bool {
        self.0.known().used.is_none_or(|at| self.0.links[at].takes_claims())
    }

    /// Returns what cures a token that an API refuses although it was issued again.
    pub(super) fn sign_in_again(&self) -> Option<&'static str> {
        self.0.known().used.map(|at| self.0.links[at].sign_in_again())
    }

    /// Returns when an answer is no longer to be expected: one may have to wait until another has asked everybody.
    pub(super) fn deadline(&self) -> Duration {
        let all: Duration = self.0.links.iter().map(|link| link.patience() + GRACE).sum();
        all.saturating_mul(2).saturating_add(GRACE)
    }
}

impl Inner {
    /// Asks the link in use, which has its place until it fails for good.
    async fn stay(&self, at: usize, ask: Ask<'_>) -> Result<Stayed, ExchangeError> {
        let link = &*self.links[at];
        let (attempt, came) = self.turn(link, ask).await;
        let mut known = self.known();
        // While it was asked, another may have taken its place, and what is known is of that one.
        if known.used == Some(at) {
            if let Some(row) = known.attempts.0.iter_mut().find(|row| row.credential() == link.name()) {
                *row = attempt;
            }
            if let Ok(token) = &came {
                known.identity = Some(Identity::of(token));
            }
        }
        match came {
            Ok(token) => Ok(Stayed::Token(token)),
            // Nor does another identity take over for one API that this one cannot have: nobody asked for two.
            Err(miss) if miss.lasts != Lasts::UntilCured => {
                let attempts = known.attempts.clone();
                drop(known);
                Err(exhausted(attempts, &[miss]))
            }
            Err(miss) => {
                if known.used == Some(at) {
                    known.used = None;
                }
                Ok(Stayed::Lost(miss))
            }
        }
    }

    /// Asks one after the other, but not again the one that failed a moment ago.
    async fn walk(&self, ask: Ask<'_>, mut lost: Option<(usize, Miss)>) -> Result<AccessToken, ExchangeError> {
        let mut attempts = Attempts::default();
        let mut misses = Vec::new();
        let mut found = None;
        for (at, link) in self.links.iter().enumerate() {
            if found.is_some() {
                attempts.0.push(self.skipped(link.name(), "an earlier one answered"));
                continue;
            }
            let past = self.known().attempts.of(link.name()).cloned();
            let (attempt, came) = match (lost.take_if(|(lost, _)| *lost == at), past) {
                (Some((_, miss)), Some(past)) => (past, Err(miss)),
                _ => self.turn(&**link, ask).await,
            };
            attempts.0.push(attempt);
            match came {
                Ok(token) => found = Some((at, token)),
                Err(miss) => misses.push(miss),
            }
        }
        let others = CredentialName::ALL.into_iter().filter(|name| !self.selection.credentials().contains(name));
        attempts.0.extend(others.map(|name| self.skipped(name, self.not_chosen(name))));
        match found {
            Some((at, token)) => Ok(self.settled(at, token, attempts)),
            None => Err(self.lost(ask, attempts, &misses)),
        }
    }

    /// Asks one link, and writes down what came of it.
    async fn turn(&self, link: &dyn Link, ask: Ask<'_>) -> (Attempt, Result<AccessToken, Miss>) {
        let (began, at) = (Instant::now(), self.clock.now());
        let given_up = || Miss::failed("it did not answer in time").for_a_while();
        let came = tokio::time::timeout(link.patience() + GRACE, link.token(ask)).await;
        let came = came.unwrap_or_else(|_| Err(given_up())).and_then(|token| {
            let is_good = token.expires_at() > self.clock.now();
            if is_good { Ok(token) } else { Err(Miss::failed("its token had ended already").for_a_while()) }
        });
        let row = |outcome, reason| Attempt::new(link.name(), outcome, reason, at).taking(began.elapsed());
        let attempt = match &came {
            Ok(token) => row(Outcome::Used, Identity::of(token).to_string().into()),
            Err(miss) => row(miss.outcome, miss.reason.clone()).cured_by(miss.cure.clone()),
        };
        (attempt, came)
    }

    fn settled(&self, at: usize, token: AccessToken, attempts: Attempts) -> AccessToken {
        let identity = Identity::of(&token);
        let credential = self.links[at].name();
        tracing::info!(target: TRACE, %credential, account = %identity, "a credential of this host is in use");
        let mut known = self.known();
        *known = Known { used: Some(at), attempts, identity: Some(identity), ..Known::default() };
        token
    }

    fn lost(&self, ask: Ask<'_>, attempts: Attempts, misses: &[Miss]) -> ExchangeError {
        let error = exhausted(attempts.clone(), misses);
        let mut known = self.known();
        known.attempts = attempts.clone();
        known.identity = None;
        let is_of_all = ask.challenge.is_none() && misses.iter().all(|miss| miss.lasts != Lasts::ForThisApi);
        known.in_vain = is_of_all.then(|| (Instant::now(), error.clone()));
        // Once, and not for every request that fails for the same reasons.
        if !known.logged.as_ref().is_some_and(|logged| logged.say_the_same(&attempts)) {
            // In the text: a field would stand behind the table's last row.
            let chosen = self.selection.as_str();
            tracing::warn!(target: TRACE, "no credential of this host gave a token ({chosen})\n{attempts}");
            known.logged = Some(attempts);
        }
        error
    }

    fn in_vain_since(&self, moment: Instant) -> Option<ExchangeError> {
        self.known().in_vain.as_ref().filter(|(when, _)| *when > moment).map(|(_, error)| error.clone())
    }

    fn skipped(&self, name: CredentialName, why: &'static str) -> Attempt {
        Attempt::new(name, Outcome::Skipped, why.into(), self.clock.now())
    }

    const fn not_chosen(&self, name: CredentialName) -> &'static str {
        match (self.selection, name) {
            (Selection::Everyday, CredentialName::WorkloadIdentity | CredentialName::ManagedIdentity) => {
                "off by default; set AZURE_TOKEN_CREDENTIALS to prod or to its name"
            }
            _ => "not chosen",
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for CredentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.in_use(), self.identity()) {
            (Some(name), Some(identity)) => write!(f, "{name}, {identity}"),
            _ => write!(f, "credential chain ({})", self.0.selection.as_str()),
        }
    }
}

impl fmt::Debug for CredentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &mut f.debug_struct("CredentialChain");
        shown.field("selection", &self.0.selection).field("in_use", &self.in_use()).finish_non_exhaustive()
    }
}

fn link(name: CredentialName, selection: Selection, app: &EntraApp, host: &Arc<HostValues>) -> Box<dyn Link> {
    match name {
        CredentialName::Environment => Box::new(Environment::new(app, host)),
        CredentialName::WorkloadIdentity => Box::new(Workload::new(app, host)),
        CredentialName::ManagedIdentity if selection == Selection::Production => {
            Box::new(Managed::among_others(app, host))
        }
        CredentialName::ManagedIdentity => Box::new(Managed::alone(app, host)),
        CredentialName::VisualStudio => Box::new(VisualStudio),
        CredentialName::AzureCli => Box::new(DeveloperTool::new(&AZURE_CLI, host)),
        CredentialName::AzurePowerShell => Box::new(DeveloperTool::new(&AZURE_POWER_SHELL, host)),
        CredentialName::AzureDeveloperCli => Box::new(DeveloperTool::new(&AZURE_DEVELOPER_CLI, host)),
        CredentialName::InteractiveBrowser => Box::new(Browser::new(app, host)),
    }
}

/// Makes the error of a chain that has no token.
fn exhausted(attempts: Attempts, misses: &[Miss]) -> ExchangeError {
    let passes = misses.iter().any(|miss| miss.lasts == Lasts::AWhile);
    let kind = if passes { ExchangeErrorKind::Unavailable } else { ExchangeErrorKind::ClientCredential };
    let mut failure = Failure { advice: Some(ADVICE), ..Failure::new(kind) };
    // The ids of whoever asked Entra, so that the sign-in logs can be searched.
    if let Some(error) = misses.iter().find_map(|miss| miss.error.as_ref()) {
        failure.retry_after = error.retry_after();
        failure.report.aadsts = error.aadsts_code();
        failure.report.trace_id = error.trace_id().map(Into::into);
        failure.report.correlation_id = error.correlation_id().map(Into::into);
    }
    failure.because(NoCredential::of(attempts)).into()
}

const ADVICE: &str =
    "the operator reads in the log why each credential of this host has no token, and cures one of them";
const TRACE: &str = "mcp_obo::hosting";
