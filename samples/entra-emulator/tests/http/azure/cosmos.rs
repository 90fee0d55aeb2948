use entra_emulator::{
    AzureRole, Config, Fault, Place, SUBSCRIPTION_ID, USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID,
};
use serde_json::{Value, json};

use super::network::Network;
use crate::tenant::Answer;

const ACCOUNT: &str = "https://contoso-orders.documents.azure.com";
const RESOURCE: &str = "https://cosmos.azure.com";
const ORDERS: &str = "dbs/shop/colls/orders";
const DATE: &str = "Tue, 03 Feb 2026 10:00:00 GMT";

fn account_id() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/contoso-data/providers/Microsoft.DocumentDB/databaseAccounts/contoso-orders"
    )
}

/// Cosmos DB's own form of a token, percent-encoded.
fn header(token: &str) -> String {
    format!("type%3Daad%26ver%3D1.0%26sig%3D{token}")
}

struct Shop {
    network: Network,
    token: String,
}

impl Shop {
    async fn start() -> Self {
        let network = Network::start().await;
        let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await;
        Self { network, token }
    }

    fn request(&self, path: &str, changes: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let own = header(&self.token);
        let mut headers = vec![
            ("authorization", own.as_str()),
            ("content-type", "application/query+json"),
            ("x-ms-documentdb-isquery", "True"),
            ("x-ms-documentdb-query-enablecrosspartition", "True"),
            ("x-ms-version", "2018-12-31"),
            ("x-ms-date", DATE),
        ];
        headers.retain(|(name, _)| !changes.iter().any(|(other, _)| other == name));
        headers.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let request = self.network.http.post(format!("{ACCOUNT}/{path}"));
        headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    async fn ask(&self, body: &Value, changes: &[(&str, &str)]) -> Answer {
        let request = self.request(&format!("{ORDERS}/docs"), changes).body(body.to_string());
        Answer::read(request.send().await.unwrap()).await
    }

    /// The ids of all pages.
    async fn ids(&self, query: Value, changes: &[(&str, &str)]) -> Vec<String> {
        let (mut ids, mut next) = (Vec::new(), String::new());
        loop {
            let changes = [changes, &[("x-ms-continuation", next.as_str())]].concat();
            let answer = self.ask(&query, &changes).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let body = answer.json();
            let documents = body["Documents"].as_array().unwrap();
            assert_eq!((body["_count"].as_u64().unwrap() as usize, documents.is_empty()), (documents.len(), false));
            ids.extend(documents.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            next = answer.header("x-ms-continuation").to_owned();
            if next.is_empty() {
                return ids;
            }
        }
    }
}

fn code(answer: &Answer) -> (u16, String, String) {
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    (answer.status.as_u16(), code, answer.header("x-ms-substatus").to_owned())
}

#[tokio::test]
async fn items_are_queried_in_pages() {
    let shop = Shop::start().await;
    let query = |text: &str| json!({"query": text});
    let with = |text: &str, value: Value| json!({"query": text, "parameters": [{"name": "@v", "value": value}]});
    for (query, ids) in [
        (query("SELECT * FROM c"), vec!["o-1001", "o-1002", "o-1003", "o-1004", "o-1005"]),
        (query("select * from orders where orders.status = 'open'"), vec!["o-1001", "o-1003"]),
        (with("SELECT * FROM c WHERE c.status = @v", json!("shipped")), vec!["o-1002", "o-1005"]),
        (with("SELECT * FROM c WHERE c.total > @v", json!(300)), vec!["o-1003", "o-1005"]),
        (query("SELECT * FROM c WHERE c.shipTo.city = \"Lyon\" AND c['status'] != 'open'"), vec!["o-1004"]),
        (query("SELECT * FROM c WHERE c.total >= 18.5 AND c.total <= 75.25"), vec!["o-1002", "o-1004"]),
    ] {
        assert_eq!(shop.ids(query.clone(), &[]).await, ids, "{query}");
    }
    let nothing = shop.ask(&query("SELECT * FROM c WHERE c.status = 1"), &[]).await;
    assert_eq!((nothing.status.as_u16(), &nothing.json()["_count"]), (200, &json!(0)), "another type is not equal");
    let one = shop.ask(&query("SELECT * FROM c"), &[("x-ms-max-item-count", "1")]).await;
    assert_eq!((one.json()["Documents"].as_array().unwrap().len(), one.header("x-ms-item-count")), (1, "1"));
    assert!(!one.header("x-ms-activity-id").is_empty() && !one.header("x-ms-request-charge").is_empty());
}

#[tokio::test]
async fn the_gateway_puts_no_partitions_together() {
    let shop = Shop::start().await;
    let top = json!({"query": "SELECT TOP 1 * FROM c"});
    let newest =
        json!({"query": "SELECT TOP @n * FROM c ORDER BY c._ts DESC", "parameters": [{"name": "@n", "value": 2}]});
    for query in [&top, &newest] {
        let refused = shop.ask(query, &[]).await;
        assert_eq!(code(&refused), (400, "BadRequest".to_owned(), "1004".to_owned()), "{query}");
    }
    let key: [(&str, &str); 1] = [("x-ms-documentdb-partitionkey", "[\"northwind\"]")];
    assert_eq!(shop.ids(top, &key).await, ["o-1003"]);
    assert_eq!(shop.ids(newest.clone(), &key).await, ["o-1004", "o-1003"]);
    assert_eq!(shop.ids(newest, &[("x-ms-documentdb-partitionkeyrangeid", "0")]).await, ["o-1005", "o-1004"]);
    let none =
        shop.ask(&json!({"query": "SELECT * FROM c"}), &[("x-ms-documentdb-query-enablecrosspartition", "")]).await;
    assert_eq!((code(&none).0, none.text.contains("Cross partition query is required but disabled")), (400, true));
    let ranges =
        shop.network.http.get(format!("{ACCOUNT}/{ORDERS}/pkranges")).header("authorization", header(&shop.token));
    let ranges = ranges.header("x-ms-version", "2018-12-31").header("x-ms-date", DATE).send().await.unwrap();
    assert_eq!(Answer::read(ranges).await.json()["PartitionKeyRanges"][0]["id"], "0");
}

#[tokio::test]
async fn a_query_that_is_wrong_in_itself_is_refused() {
    let shop = Shop::start().await;
    for text in [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT c.id FROM c",
        "SELECT * FROM c WHERE",
        "SELECT * FROM c WHERE c = 1",
        "SELECT * FROM c WHERE c.a = 'x",
        "SELECT * FROM c WHERE c.a = @none",
        "SELECT * FROM c WHERE d.a = 1",
        "SELECT * FROM c; DROP",
        "SELECT TOP x * FROM c",
        "SELECT TOP 1.5 * FROM c",
        "SELECT * FROM c WHERE c.a LIKE 'x'",
    ] {
        let answer = shop.ask(&json!({"query": text}), &[]).await;
        assert_eq!(code(&answer).1, "BadRequest", "{text}");
        assert!(answer.text.contains("SC1001"), "{text}: {}", answer.text);
    }
    let query = json!({"query": "SELECT * FROM c"});
    for (name, changes) in [
        ("no version", [("x-ms-version", "")]),
        ("an old version", [("x-ms-version", "2014-01-01")]),
        ("no date", [("x-ms-date", "")]),
        ("not a date", [("x-ms-date", "today")]),
        ("a bad page size", [("x-ms-max-item-count", "0")]),
        ("a bad token", [("x-ms-continuation", "x")]),
        ("a bad partition key", [("x-ms-documentdb-partitionkey", "northwind")]),
    ] {
        assert_eq!(code(&shop.ask(&query, &changes).await).1, "BadRequest", "{name}");
    }
    let nowhere = shop.request("dbs/shop/colls/none/docs", &[]).body(query.to_string()).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
}

#[tokio::test]
async fn a_refusal_names_the_principal_and_the_missing_action() {
    let network = Network::with(Config::default().without_azure_roles(USER_ASSIGNED_CLIENT_ID)).await;
    let token = network.identity_token(USER_ASSIGNED_CLIENT_ID, RESOURCE).await;
    let shop = Shop { network, token };
    let query = json!({"query": "SELECT * FROM c"});
    let refused = shop.ask(&query, &[]).await;
    assert_eq!(code(&refused), (403, "Forbidden".to_owned(), "5302".to_owned()));
    let text = refused.json()["message"].as_str().unwrap().to_owned();
    let action = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/executeQuery";
    for named in [format!("principal [{USER_ASSIGNED_OBJECT_ID}]"), format!("action [{action}] on resource [{ORDERS}]")]
    {
        assert!(text.contains(&named), "{named}: {text}");
    }
    let control = shop.network.emulator.control();
    control.assign_azure_role(USER_ASSIGNED_OBJECT_ID, AzureRole::Reader, &account_id());
    assert_eq!(shop.ask(&query, &[]).await.status, 403, "Azure's own Reader reads no items");
    for (name, role, scope, status) in [
        ("another container", AzureRole::CosmosDataReader, format!("{}/dbs/shop/colls/customers", account_id()), 403),
        ("the container", AzureRole::CosmosDataReader, format!("{}/dbs/shop/colls/orders", account_id()), 200),
        ("the database", AzureRole::CosmosDataContributor, format!("{}/dbs/shop", account_id()), 200),
        ("the account", AzureRole::CosmosDataReader, account_id(), 200),
    ] {
        control.assign_azure_role(USER_ASSIGNED_OBJECT_ID, role, &scope);
        assert_eq!(shop.ask(&query, &[]).await.status.as_u16(), status, "{name}");
        control.remove_azure_role(USER_ASSIGNED_OBJECT_ID, role);
    }
    let account = shop.network.http.get(format!("{ACCOUNT}/")).header("authorization", header(&shop.token));
    let account = account.header("x-ms-version", "2018-12-31").header("x-ms-date", DATE).send().await.unwrap();
    assert_eq!(code(&Answer::read(account).await).2, "5301");
    let made = shop.request("dbs", &[]).body(r#"{"id":"x"}"#).send().await.unwrap();
    assert_eq!(code(&Answer::read(made).await), (403, "Forbidden".to_owned(), "5300".to_owned()));
}

#[tokio::test]
async fn only_the_service_s_own_form_of_a_token_is_read_and_keys_are_disabled() {
    let shop = Shop::start().await;
    let query = json!({"query": "SELECT * FROM c"});
    let management = shop.network.token_for("https://management.azure.com", "alice");
    for (name, value, substatus) in [
        ("a bearer token", format!("Bearer {}", shop.token), ""),
        ("an account key", "type%3Dmaster%26ver%3D1.0%26sig%3Dc2ln".to_owned(), "5202"),
        ("a resource token", "type=resource&ver=1.0&sig=c2ln".to_owned(), "5202"),
        ("for management", header(&management), ""),
        ("nonsense", header("x"), ""),
        ("nothing", String::new(), ""),
    ] {
        let refused = shop.ask(&query, &[("authorization", &value)]).await;
        assert_eq!(code(&refused), (401, "Unauthorized".to_owned(), substatus.to_owned()), "{name}");
    }
    let plain = format!("type=aad&ver=1.0&sig={}", shop.token);
    assert_eq!(shop.ask(&query, &[("authorization", &plain)]).await.status, 200, "encoding is not needed");
    let own = shop.network.identity_token(USER_ASSIGNED_CLIENT_ID, "https://contoso-orders.documents.azure.com").await;
    assert_eq!(
        shop.ask(&query, &[("authorization", &header(&own))]).await.status,
        200,
        "an account is an audience too"
    );
    assert_eq!(shop.network.emulator.counters().azure_local["cosmos"], 2);
    shop.network.emulator.control().set_fault(Place::Cosmos, USER_ASSIGNED_CLIENT_ID, Fault::Throttled(2));
    let busy = shop.ask(&query, &[]).await;
    assert_eq!(code(&busy), (429, "TooManyRequests".to_owned(), "3200".to_owned()));
    assert_eq!((busy.header("x-ms-retry-after-ms"), busy.header("retry-after")), ("2000", ""));
}
