//! What is known after a search, and for whom it holds.

use super::*;

/// What a link answers, by how often it was asked before.
type Script = fn(usize) -> Result<AccessToken, Miss>;

#[tokio::test(start_paused = true)]
async fn a_search_in_vain_holds_for_nobody_who_asked_for_something_else() {
    let for_this_api = |_| Err(Miss::failed("no such API").for_this_api());
    let broken: Script = broken;
    let rows = [
        ("the same", None, None, broken, 1),
        ("behind it a challenge", None, Some(CLAIMS), broken, 2),
        ("a challenge first", Some(CLAIMS), None, broken, 2),
        ("one API alone", None, None, for_this_api, 2),
    ];
    for (name, first, second, script, expected) in rows {
        let (link, asked) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(5), script);
        let chain = chain_of(vec![link]);
        let ask = |challenge: Option<&'static str>| {
            let chain = chain.clone();
            tokio::spawn(async move { assert!(chain.token(&target(), challenge).await.is_err()) })
        };
        let first = ask(first);
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = ask(second);
        first.await.unwrap();
        second.await.unwrap();
        assert_eq!(count(&asked), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_failure_takes_the_place_of_no_other_credential() {
    let fails = |number| if number == 0 { good(0) } else { broken(number) };
    let (first, asked_first) = Fake::slow(CredentialName::AzureCli, Duration::from_secs(5), fails);
    let (second, _) = Fake::link(CredentialName::AzurePowerShell, good);
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
    is_late.await.unwrap();
    assert_eq!((chain.in_use(), count(&asked_first)), (Some(CredentialName::AzurePowerShell), 3));
}

#[tokio::test]
async fn who_acted_once_is_named_no_more_when_nobody_can_act() {
    let (link, _) = Fake::link(CredentialName::AzureCli, |number| if number == 0 { good(0) } else { broken(number) });
    let chain = chain_of(vec![link]);
    ask(&chain).await.unwrap();
    assert!(chain.identity().is_some());
    ask(&chain).await.unwrap_err();
    assert_eq!((chain.in_use(), chain.identity()), (None, None));
    assert_eq!(chain.to_string(), "credential chain (AZURE_TOKEN_CREDENTIALS=dev)");
}

#[tokio::test]
async fn who_waits_for_a_search_and_then_searches_is_given_the_time_for_both() {
    let (one, _) = Fake::link(CredentialName::AzureCli, good);
    let (other, _) = Fake::link(CredentialName::AzurePowerShell, good);
    let search = 2 * (Duration::from_secs(30) + GRACE);
    assert!(chain_of(vec![one, other]).deadline() >= 2 * search);
}

#[tokio::test]
async fn a_challenge_of_an_api_reaches_entra_where_the_credential_is_presented_there() {
    let tenant = Tenant::granting();
    let values = HostValues::new().with_tenant(TENANT).with_client_id(CLIENT).with_client_secret("secret");
    let chain = CredentialChain::new(&tenant.app, Selection::Only(CredentialName::Environment), values);
    let identity = HostingIdentity::chain(&tenant.app, chain).add_target(&target());
    identity.token(&target()).await.unwrap();
    identity.token_with_claims(&target(), CLAIMS).await.unwrap();
    assert!(tenant.calls().last().unwrap().form["claims"].contains("acrs"));
}
