use entra_emulator::{AzureRole, Fault, Place, SUBSCRIPTION_ID};

use super::network::Network;
use crate::tenant::Answer;

const SCOPE: &str = "https://storage.azure.com/.default";
const LIST: &str = "https://contosodocs.blob.core.windows.net/?comp=list";

/// Everything that stands in elements of this name.
fn elements(text: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}

async fn names(network: &Network, token: &str, url: &str) -> (Vec<String>, usize) {
    let (mut all, mut pages, mut marker) = (Vec::new(), 0, String::new());
    loop {
        let answer = network.get_with(token, &format!("{url}&marker={marker}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        pages += 1;
        all.extend(elements(&answer.text, "Name"));
        marker = elements(&answer.text, "NextMarker").concat();
        if marker.is_empty() {
            return (all, pages);
        }
    }
}

fn refusal(answer: &Answer) -> (u16, String) {
    assert_eq!(elements(&answer.text, "Code").concat(), answer.header("x-ms-error-code"));
    (answer.status.as_u16(), answer.header("x-ms-error-code").to_owned())
}

#[tokio::test]
async fn containers_are_listed_in_pages_of_xml() {
    let network = Network::start().await;
    let token = network.exchange("alice", SCOPE).await.access_token();
    let all = ["archive", "contracts", "invoices", "policies", "reports"].map(str::to_owned).to_vec();
    assert_eq!(names(&network, &token, LIST).await, (all.clone(), 3));
    assert_eq!(names(&network, &token, &format!("{LIST}&maxresults=1")).await, (all, 5));
    assert_eq!(names(&network, &token, &format!("{LIST}&prefix=re")).await, (vec!["reports".to_owned()], 1));
    let answer = network.get_with(&token, LIST).await;
    assert_eq!(answer.header("content-type"), "application/xml");
    assert_eq!(answer.header("x-ms-version"), "2025-11-05");
    assert!(!answer.header("x-ms-request-id").is_empty());
    let own = network.token_for("https://contosodocs.blob.core.windows.net", "alice");
    assert_eq!(network.get_with(&own, LIST).await.status, 200, "an account is an audience too");
}

#[tokio::test]
async fn only_a_data_reader_lists() {
    let network = Network::start().await;
    let logs = "https://contosologs.blob.core.windows.net/?comp=list";
    for (user, url, status) in [("bob", LIST, 200), ("bob", logs, 403), ("alice", logs, 200), ("norole", LIST, 403)] {
        let answer = network.get_as(user, SCOPE, url).await;
        assert_eq!(answer.status.as_u16(), status, "{user} {url}");
        if status == 403 {
            assert_eq!(refusal(&answer).1, "AuthorizationPermissionMismatch");
        }
    }
    let scope = format!("/subscriptions/{SUBSCRIPTION_ID}");
    network.emulator.control().assign_azure_role("norole", AzureRole::Reader, &scope);
    assert_eq!(network.get_as("norole", SCOPE, LIST).await.status, 403, "who sees the account sees no data by that");
    network.emulator.control().assign_azure_role("norole", AzureRole::StorageBlobDataReader, &scope);
    assert_eq!(network.get_as("norole", SCOPE, LIST).await.status, 200);
}

#[tokio::test]
async fn keys_and_signatures_are_not_permitted_and_other_tokens_are_not_good() {
    let network = Network::start().await;
    let arm = network.token_for("https://management.azure.com", "alice");
    let good = network.token_for("https://storage.azure.com", "alice");
    for (name, url, header, status, code) in [
        ("no token", LIST, String::new(), 401, "NoAuthenticationInformation"),
        ("an account key", LIST, "SharedKey contosodocs:c2ln".to_owned(), 403, "KeyBasedAuthenticationNotPermitted"),
        ("the lite form", LIST, "SharedKeyLite contosodocs:c2ln".to_owned(), 403, "KeyBasedAuthenticationNotPermitted"),
        ("a SAS", &format!("{LIST}&sv=2025-01-05&sig=c2ln"), String::new(), 403, "KeyBasedAuthenticationNotPermitted"),
        (
            "a SAS and a token",
            &format!("{LIST}&sig=c2ln"),
            format!("Bearer {good}"),
            403,
            "KeyBasedAuthenticationNotPermitted",
        ),
        ("for management", LIST, format!("Bearer {arm}"), 401, "InvalidAuthenticationInfo"),
    ] {
        let mut request = network.http.get(url).header("x-ms-version", "2025-11-05");
        if !header.is_empty() {
            request = request.header("authorization", header);
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        assert_eq!(refusal(&answer), (status, code.to_owned()), "{name}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401, "{name}");
    }
    assert_eq!(network.emulator.counters().azure_local["storage"], 4);
}

#[tokio::test]
async fn a_request_that_is_wrong_in_itself_is_refused() {
    let network = Network::start().await;
    let token = network.token_for("https://storage.azure.com", "alice");
    let bare = network.http.get(LIST).bearer_auth(&token).send().await.unwrap();
    assert_eq!(refusal(&Answer::read(bare).await), (400, "MissingRequiredHeader".to_owned()));
    let old = network.http.get(LIST).bearer_auth(&token).header("x-ms-version", "2015-02-21").send().await.unwrap();
    assert_eq!(refusal(&Answer::read(old).await), (400, "InvalidHeaderValue".to_owned()));
    for more in ["maxresults=0", "maxresults=x", "marker=x"] {
        let answer = network.get_with(&token, &format!("{LIST}&{more}")).await;
        assert_eq!(refusal(&answer), (400, "OutOfRangeQueryParameterValue".to_owned()), "{more}");
    }
    network.emulator.control().set_fault(Place::Storage, "alice", Fault::Throttled(3));
    let busy = network.get_with(&token, LIST).await;
    assert_eq!((refusal(&busy), busy.header("retry-after")), ((429, "ServerBusy".to_owned()), "3"));
    let nowhere = network.http.get("https://contosonothing.blob.core.windows.net/?comp=list").send().await;
    assert!(nowhere.unwrap_err().is_connect(), "an account that is not there has no name");
}
