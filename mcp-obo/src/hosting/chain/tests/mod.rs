//! Orders and hand-over, with links that do as they are told.

mod choice;
#[cfg(unix)]
mod endings;
mod host;
mod known;
#[cfg(unix)]
pub(super) mod programs;
#[cfg(unix)]
mod tools;

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::prelude::*;
use mcp_auth_layer::clock::{FixedClock, UnixTime};
use serde_json::{Value, json};

use super::*;
use crate::{
    ExchangeError, HostingIdentity, TokenSource,
    boxed::BoxFuture,
    testlog,
    testtenant::{CLAIMS, CLIENT, LIFE, NOW, TENANT, Tenant},
};

pub(in super::super) const STORAGE: &str = "https://storage.azure.com";

pub(in super::super) fn target() -> Target {
    Target::new(STORAGE, &["user_impersonation"]).unwrap()
}

/// A token that says whose it is, signed by nobody.
pub(in super::super) fn jwt(claims: &Value) -> String {
    format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

pub(in super::super) fn alice() -> Value {
    json!({"tid": TENANT, "upn": "alice@contoso.com", "oid": "0a11ce00-0000-0000-0000-000000000001", "appid": CLIENT,
        "exp": NOW + LIFE})
}

type Script = dyn Fn(usize) -> Result<AccessToken, Miss> + Send + Sync;

/// A link that answers by the number of the call.
pub(super) struct Fake {
    name: CredentialName,
    script: Box<Script>,
    takes: Duration,
    calls: Arc<AtomicUsize>,
}

impl Fake {
    fn link(
        name: CredentialName,
        script: impl Fn(usize) -> Result<AccessToken, Miss> + Send + Sync + 'static,
    ) -> (Box<dyn Link>, Arc<AtomicUsize>) {
        Self::slow(name, Duration::ZERO, script)
    }

    fn slow(
        name: CredentialName,
        takes: Duration,
        script: impl Fn(usize) -> Result<AccessToken, Miss> + Send + Sync + 'static,
    ) -> (Box<dyn Link>, Arc<AtomicUsize>) {
        let calls = Arc::<AtomicUsize>::default();
        let link = Self { name, script: Box::new(script), takes, calls: Arc::clone(&calls) };
        (Box::new(link), calls)
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Link for Fake {
    fn name(&self) -> CredentialName {
        self.name
    }

    fn token<'a>(&'a self, _: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        Box::pin(async {
            let number = self.calls.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.takes).await;
            (self.script)(number)
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }
}

fn token_of(claims: &Value) -> AccessToken {
    AccessToken::new(jwt(claims).into(), UnixTime::from_secs(NOW + LIFE))
}

fn good(_: usize) -> Result<AccessToken, Miss> {
    Ok(token_of(&alice()))
}

fn absent(_: usize) -> Result<AccessToken, Miss> {
    Err(Miss::unavailable("not installed").cured_by("install it"))
}

fn broken(_: usize) -> Result<AccessToken, Miss> {
    Err(Miss::failed("the sign-in has expired").cured_by("run `az login`"))
}

fn down(_: usize) -> Result<AccessToken, Miss> {
    Err(Miss::failed("no network").for_a_while())
}

fn chain_of(links: Vec<Box<dyn Link>>) -> CredentialChain {
    CredentialChain::of(Selection::Development, Vec::new(), links, Arc::new(FixedClock::at(UnixTime::from_secs(NOW))))
}

async fn ask(chain: &CredentialChain) -> Result<AccessToken, ExchangeError> {
    chain.token(&target(), None).await
}

fn rows(chain: &CredentialChain) -> Vec<(&'static str, &'static str)> {
    chain.attempts().iter().map(|row| (row.credential().as_str(), row.outcome().as_str())).collect()
}

fn count(calls: &Arc<AtomicUsize>) -> usize {
    calls.load(Ordering::SeqCst)
}

#[tokio::test]
async fn one_that_fails_hands_over_and_the_first_that_answers_is_kept() {
    let (absent, asked_absent) = Fake::link(CredentialName::VisualStudio, absent);
    let (broken, asked_broken) = Fake::link(CredentialName::AzureCli, broken);
    let (good, asked_good) = Fake::link(CredentialName::AzurePowerShell, good);
    let (never, asked_never) = Fake::link(CredentialName::AzureDeveloperCli, |_| panic!("asked after an answer"));
    let chain = chain_of(vec![absent, broken, good, never]);
    assert_eq!((chain.in_use(), chain.identity(), chain.attempts()), (None, None, Attempts::default()));
    for _ in 0..3 {
        assert_eq!(ask(&chain).await.unwrap().expose_secret(), jwt(&alice()));
    }
    let asked = [asked_absent, asked_broken, asked_good, asked_never].map(|calls| count(&calls));
    assert_eq!(asked, [1, 1, 3, 0]);
    assert_eq!(chain.in_use(), Some(CredentialName::AzurePowerShell));
    assert_eq!(
        rows(&chain),
        [
            ("VisualStudioCredential", "unavailable"),
            ("AzureCliCredential", "failed"),
            ("AzurePowerShellCredential", "used"),
            ("AzureDeveloperCliCredential", "skipped"),
            ("EnvironmentCredential", "skipped"),
            ("WorkloadIdentityCredential", "skipped"),
            ("ManagedIdentityCredential", "skipped"),
        ]
    );
    assert_eq!(chain.to_string(), format!("AzurePowerShellCredential, alice@contoso.com of tenant {TENANT}"));
}

#[tokio::test]
async fn whose_token_it_is_can_be_read_and_is_marked_as_unverified() {
    let (good, _) = Fake::link(CredentialName::AzureCli, good);
    let chain = chain_of(vec![good]);
    ask(&chain).await.unwrap();
    let identity = chain.identity().unwrap();
    assert_eq!((identity.tenant(), identity.user()), (Some(TENANT), Some("alice@contoso.com")));
    assert_eq!(identity.object_id(), Some("0a11ce00-0000-0000-0000-000000000001"));
    assert_eq!((identity.app_id(), identity.expires_at().as_secs()), (Some(CLIENT), NOW + LIFE));
    let written = serde_json::to_value(&identity).unwrap();
    assert_eq!((&written["verified"], &written["tenant"]), (&json!(false), &json!(TENANT)));
}

#[tokio::test]
async fn a_passing_failure_keeps_its_place_and_a_lasting_one_loses_it() {
    let (first, asked_first) = Fake::link(CredentialName::AzureCli, |number| match number {
        0 => good(0),
        1 => down(1),
        2 => good(2),
        _ => broken(number),
    });
    let (second, asked_second) = Fake::link(CredentialName::AzurePowerShell, good);
    let chain = chain_of(vec![first, second]);
    ask(&chain).await.unwrap();
    let error = ask(&chain).await.unwrap_err();
    assert_eq!((error.kind(), count(&asked_second)), (ExchangeErrorKind::Unavailable, 0), "nobody else takes over");
    assert_eq!(chain.in_use(), Some(CredentialName::AzureCli));
    ask(&chain).await.unwrap();
    ask(&chain).await.unwrap();
    assert_eq!((count(&asked_first), count(&asked_second)), (4, 1), "it is not asked again in the same breath");
    assert_eq!(chain.in_use(), Some(CredentialName::AzurePowerShell));
    assert_eq!(chain.attempts().of(CredentialName::AzureCli).unwrap().outcome(), Outcome::Failed);
}

#[tokio::test]
async fn one_api_that_cannot_be_had_costs_nobody_the_place() {
    let (first, asked_first) = Fake::link(CredentialName::AzureCli, |number| match number {
        1 => Err(Miss::failed("no such API").for_this_api()),
        _ => good(number),
    });
    let (second, asked_second) = Fake::link(CredentialName::AzurePowerShell, good);
    let chain = chain_of(vec![first, second]);
    ask(&chain).await.unwrap();
    let error = ask(&chain).await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential);
    assert_eq!(chain.in_use(), Some(CredentialName::AzureCli));
    ask(&chain).await.unwrap();
    assert_eq!((count(&asked_first), count(&asked_second)), (3, 0), "no other identity takes over");
}

#[tokio::test(start_paused = true)]
async fn who_waits_behind_a_search_in_vain_does_not_repeat_it() {
    let (hung, asked_hung) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(30), down);
    let (broken, asked_broken) = Fake::slow(CredentialName::AzurePowerShell, Duration::from_secs(30), broken);
    let chain = chain_of(vec![hung, broken]);
    let began = Instant::now();
    let targets = ["https://a.example", "https://b.example", "https://c.example"];
    let targets = targets.map(|resource| Target::new(resource, &[".default"]).unwrap());
    let asked = targets.map(|target| {
        let chain = chain.clone();
        tokio::spawn(async move { chain.token(&target, None).await.unwrap_err().kind() })
    });
    for asked in asked {
        assert_eq!(asked.await.unwrap(), ExchangeErrorKind::Unavailable);
    }
    assert_eq!((count(&asked_hung), count(&asked_broken), began.elapsed().as_secs()), (1, 1, 60));
    // Who comes afterwards may find that somebody has signed in.
    assert!(ask(&chain).await.is_err());
    assert_eq!((count(&asked_hung), count(&asked_broken)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_late_token_of_another_credential_does_not_say_who_is_in_use() {
    let bob = json!({"tid": TENANT, "upn": "bob@contoso.com"});
    let (first, _) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(5), |number| match number {
        1 => broken(number),
        _ => good(number),
    });
    let (second, _) = Fake::link(CredentialName::AzurePowerShell, move |_| Ok(token_of(&bob)));
    let chain = chain_of(vec![first, second]);
    ask(&chain).await.unwrap();
    let begin = || {
        let chain = chain.clone();
        tokio::spawn(async move { ask(&chain).await.unwrap() })
    };
    let loses = begin();
    tokio::time::advance(Duration::from_secs(1)).await;
    let is_late = begin();
    loses.await.unwrap();
    assert_eq!(is_late.await.unwrap().expose_secret(), jwt(&alice()));
    assert_eq!(chain.in_use(), Some(CredentialName::AzurePowerShell));
    assert_eq!(chain.identity().unwrap().user(), Some("bob@contoso.com"));
}

#[tokio::test]
async fn a_chain_without_a_token_says_why_for_each() {
    testlog::begin();
    let (absent, _) = Fake::link(CredentialName::AzureCli, absent);
    let (broken, _) = Fake::link(CredentialName::AzureDeveloperCli, broken);
    let chain = chain_of(vec![absent, broken]);
    let error = ask(&chain).await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::ClientCredential);
    assert!(!error.kind().is_cured_by_sign_in() && error.advice().contains("operator"), "{}", error.advice());
    let source = std::error::Error::source(&error).unwrap();
    let cause = source.downcast_ref::<NoCredential>().unwrap();
    assert_eq!(
        cause.to_string(),
        "no credential gave a token: AzureCliCredential: not installed (install it); \
         AzureDeveloperCliCredential: the sign-in has expired (run `az login`)"
    );
    let table = cause.attempts().to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("credential "), "{table}");
    let column = lines[0].find("outcome").unwrap();
    for (line, name, outcome) in
        [(lines[1], "AzureCliCredential", "unavailable"), (lines[2], "AzureDeveloperCliCredential", "failed")]
    {
        assert!(line.starts_with(&format!("{name} ")) && line[column..].starts_with(&format!("{outcome} ")), "{table}");
    }
    assert!(lines[1].ends_with("not installed; install it"), "{table}");
    let written = serde_json::to_value(cause.attempts()).unwrap();
    assert_eq!(written[1]["credential"], "AzureDeveloperCliCredential");
    assert_eq!((&written[1]["outcome"], &written[1]["cure"]), (&json!("failed"), &json!("run `az login`")));
    assert_eq!(written[1]["at"], json!(NOW));
    // However often somebody asks.
    for _ in 0..5 {
        assert!(ask(&chain).await.is_err());
    }
    assert_eq!(testlog::logged().matches("no credential of this host gave a token").count(), 1);
}

#[tokio::test]
async fn what_may_pass_is_said_to_pass() {
    let (absent, _) = Fake::link(CredentialName::AzureCli, absent);
    let (down, _) = Fake::link(CredentialName::AzureDeveloperCli, down);
    assert_eq!(ask(&chain_of(vec![absent, down])).await.unwrap_err().kind(), ExchangeErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_or_brings_what_has_ended_is_passed_over() {
    let (hung, _) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(10_000), good);
    let (stale, _) =
        Fake::link(CredentialName::AzurePowerShell, |_| Ok(AccessToken::new("t".into(), UnixTime::from_secs(NOW))));
    let (good, _) = Fake::link(CredentialName::AzureDeveloperCli, good);
    let chain = chain_of(vec![hung, stale, good]);
    ask(&chain).await.unwrap();
    assert_eq!(chain.in_use(), Some(CredentialName::AzureDeveloperCli));
    let attempts = chain.attempts();
    let hung = attempts.of(CredentialName::AzureCli).unwrap();
    assert_eq!((hung.reason(), hung.took().as_secs()), ("it did not answer in time", 32));
    assert!(attempts.of(CredentialName::AzurePowerShell).unwrap().reason().contains("ended"));
}

#[tokio::test(start_paused = true)]
async fn several_apis_at_once_find_one_credential_together() {
    let (broken, asked_broken) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(5), broken);
    let (good, asked_good) = Fake::slow(CredentialName::AzurePowerShell, Duration::from_secs(5), good);
    let chain = chain_of(vec![broken, good]);
    let targets = ["https://a.example", "https://b.example", "https://c.example"];
    let targets = targets.map(|resource| Target::new(resource, &[".default"]).unwrap());
    let asked = targets.map(|target| {
        let chain = chain.clone();
        tokio::spawn(async move { chain.token(&target, None).await.is_ok() })
    });
    for asked in asked {
        assert!(asked.await.unwrap());
    }
    assert_eq!((count(&asked_broken), count(&asked_good)), (1, 3), "each API has its token, one search found whose");
}

#[tokio::test(start_paused = true)]
async fn as_the_hosting_identity_it_is_asked_once_for_all_and_may_take_long() {
    let tenant = Tenant::granting();
    let (slow, asked) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(29), good);
    let identity = HostingIdentity::chain(&tenant.app, chain_of(vec![slow])).add_target(&target());
    assert_eq!(identity.description(), "credential chain (AZURE_TOKEN_CREDENTIALS=dev)");
    let callers = [(); 10].map(|()| {
        let identity = identity.clone();
        tokio::spawn(async move { identity.token(&target()).await.unwrap().expose_secret().to_owned() })
    });
    for caller in callers {
        assert_eq!(caller.await.unwrap(), jwt(&alice()));
    }
    assert_eq!(count(&asked), 1);
    assert!(identity.description().starts_with("AzureCliCredential, alice@contoso.com"), "{}", identity.description());
    assert!(!format!("{identity:?}").contains("e30."), "{identity:?}");
    // The same token again is no answer to a challenge, and a developer's sign-in is cured by the developer.
    let error = identity.token_with_claims(&target(), CLAIMS).await.unwrap_err();
    assert_eq!((error.kind(), count(&asked)), (ExchangeErrorKind::ClientCredential, 2));
}

#[tokio::test]
async fn when_another_credential_takes_over_it_does_so_for_every_api() {
    let tenant = Tenant::granting();
    let bob = jwt(&json!({"tid": TENANT, "upn": "bob@contoso.com", "oid": "0b0b0b0b-0000-0000-0000-000000000002"}));
    let (first, _) = Fake::link(CredentialName::AzureCli, |number| if number == 0 { good(0) } else { broken(number) });
    let (second, asked) = Fake::link(CredentialName::AzurePowerShell, {
        let bob = bob.clone();
        move |_| Ok(AccessToken::new(bob.clone().into(), UnixTime::from_secs(NOW + LIFE)))
    });
    let vault = Target::new("https://vault.azure.net", &[".default"]).unwrap();
    let identity = HostingIdentity::chain(&tenant.app, chain_of(vec![first, second]));
    let identity = identity.add_target(&target()).add_target(&vault);
    assert_eq!(identity.token(&target()).await.unwrap().expose_secret(), jwt(&alice()));
    assert_eq!(identity.token(&vault).await.unwrap().expose_secret(), bob);
    for _ in 0..2 {
        assert_eq!(identity.token(&target()).await.unwrap().expose_secret(), bob, "nobody acts as two");
    }
    assert!(identity.description().contains("bob@contoso.com"), "{}", identity.description());
    assert_eq!(count(&asked), 2);
}
