//! The credential chain against a tenant that is as strict as Entra: a service principal, and a person at a browser.

#![cfg(all(feature = "azure-identity", feature = "reqwest"))]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use entra_emulator::{API_CLIENT_ID, API_CLIENT_SECRET, AZURE_CLI_ID, Config, Emulator, TENANT_ID};
use mcp_auth_layer::EntraApp;
use mcp_obo::{
    BoxFuture, ExchangeErrorKind, HostingIdentity, Target, TokenSource as _,
    hosting::chain::{
        BrowserOptions, CredentialChain, CredentialName, HostValues, NoCredential, Opener, Outcome, Selection,
    },
};

/// A browser without a screen: it follows where it is sent, as the user that the emulator signs in.
#[derive(Clone, Debug, Default)]
struct Headless(Arc<AtomicUsize>);

impl Opener for Headless {
    fn open<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<()>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let address = address.to_owned();
        tokio::spawn(async move {
            let page = reqwest::get(&address).await.unwrap();
            assert!(page.url().as_str().starts_with("http://localhost:"), "{}", page.url());
            assert!(page.text().await.unwrap().contains("close this window"));
        });
        Box::pin(async { Ok(()) })
    }
}

fn app(emulator: &Emulator) -> EntraApp {
    let app = EntraApp::single_tenant(TENANT_ID, API_CLIENT_ID).unwrap();
    app.with_authority_host(&emulator.http_url()).unwrap()
}

fn identity(emulator: &Emulator, selection: Selection, values: HostValues, targets: &[&Target]) -> HostingIdentity {
    let app = app(emulator);
    let identity = HostingIdentity::chain(&app, CredentialChain::new(&app, selection, values));
    targets.iter().fold(identity, |identity, target| identity.add_target(target))
}

#[tokio::test]
async fn a_person_signs_in_once_for_all_apis() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let browser = Headless::default();
    let values = HostValues::new().with_browser(BrowserOptions::default().with_opener(browser.clone()));
    let own = Target::new(&format!("api://{API_CLIENT_ID}"), &[".default"]).unwrap();
    for values in [values.clone().with_tenant(TENANT_ID), values] {
        let before = browser.0.load(Ordering::SeqCst);
        let identity = identity(&emulator, Selection::Development, values, &[&Target::graph(), &own]);
        let (graph, own) = (Target::graph(), own.clone());
        let (graph, own) = tokio::join!(identity.token(&graph), identity.token(&own));
        assert_ne!(graph.unwrap().expose_secret(), own.unwrap().expose_secret());
        assert_eq!(browser.0.load(Ordering::SeqCst), before + 1);
        let counters = emulator.counters();
        assert_eq!(
            (counters.code, counters.refresh),
            (before as u64 + 1, before as u64 + 1),
            "one sign-in, one renewal"
        );
        let chain = identity.credential_chain().unwrap();
        assert_eq!(chain.in_use(), Some(CredentialName::InteractiveBrowser));
        let account = chain.identity().unwrap();
        assert_eq!((account.tenant(), account.app_id()), (Some(TENANT_ID), Some(AZURE_CLI_ID)), "{account:?}");
        assert!(account.user().unwrap().starts_with("alice@"), "{account:?}");
    }
}

#[tokio::test]
async fn a_service_principal_is_asked_first_and_never_a_person_in_production() {
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let browser = Headless::default();
    let options = || BrowserOptions::default().with_opener(browser.clone());
    let values = |secret: &str| {
        let values = HostValues::new().with_tenant(TENANT_ID).with_client_id(API_CLIENT_ID);
        values.with_client_secret(secret).with_browser(options())
    };
    for selection in [Selection::Everyday, Selection::Only(CredentialName::Environment)] {
        let identity = identity(&emulator, selection, values(API_CLIENT_SECRET), &[&Target::graph()]);
        identity.token(&Target::graph()).await.unwrap();
        let account = identity.credential_chain().unwrap().identity().unwrap();
        assert_eq!((account.user(), account.app_id()), (None, Some(API_CLIENT_ID)));
        assert!(identity.description().starts_with("EnvironmentCredential, "), "{}", identity.description());
    }
    let refused =
        identity(&emulator, Selection::Only(CredentialName::Environment), values("wrong"), &[&Target::graph()]);
    let error = refused.token(&Target::graph()).await.unwrap_err();
    assert_eq!((error.kind(), error.aadsts_code()), (ExchangeErrorKind::ClientCredential, Some(7_000_215)));
    let why = std::error::Error::source(&error).unwrap().downcast_ref::<NoCredential>().unwrap();
    let attempt = why.attempts().of(CredentialName::Environment).unwrap();
    assert_eq!(attempt.outcome(), Outcome::Failed);
    assert!(attempt.reason().contains("AADSTS7000215") && !why.to_string().contains("wrong"), "{why}");
    assert_eq!(browser.0.load(Ordering::SeqCst), 0, "nobody was asked to sign in");
    // In the default chain the next one is asked.
    let handed = identity(&emulator, Selection::Everyday, values("wrong"), &[&Target::graph()]);
    handed.token(&Target::graph()).await.unwrap();
    assert_eq!(handed.credential_chain().unwrap().in_use(), Some(CredentialName::InteractiveBrowser));
}
