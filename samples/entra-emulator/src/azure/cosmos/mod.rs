//! Cosmos DB's data plane for NoSQL: queries of a container's items.
//!
//! As with the real gateway, a query over all partitions that would have to put their parts together (`TOP`, `ORDER BY`)
//! is refused: its client must name a partition key, or a range of keys. There is one range.

mod corpus;
mod permission;
mod query;
mod refusal;
mod request;

use axum::{
    Json, Router,
    http::{HeaderName, HeaderValue, Method},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use self::{corpus::Container, permission::Wants, query::Query, refusal::Cosmos, request::Partition};
use super::{Call, Caller, Denial, Page, answer};
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<Cosmos>(&call, |caller| {
        request::check_headers(&call)?;
        let segments = call.segments();
        let parts: Vec<_> = segments.iter().map(String::as_str).collect();
        match (&call.method, parts.as_slice()) {
            (&Method::GET, []) => {
                permission::check(&call, caller, Wants::Metadata, "/")?;
                Ok(Json(account(&call)).into_response())
            }
            (&Method::GET, ["dbs", database, "colls", container, "pkranges"]) => {
                permission::check(&call, caller, Wants::Metadata, &format!("dbs/{database}/colls/{container}"))?;
                Container::find(database, container)?;
                Ok(Json(ranges()).into_response())
            }
            (&Method::POST, ["dbs", database, "colls", container, "docs"]) if request::is_query(&call) => {
                items(&call, caller, (database, container))
            }
            (_, ["dbs", _, "colls", _, "docs", ..]) => Err(refusal::not_served(&call)),
            // What changes or lists databases and containers is Resource Manager's with an Entra token.
            _ => Err(refusal::not_by_token(&call)),
        }
    })
    .await
}

fn items(call: &Call, caller: &Caller, (database, container): (&str, &str)) -> Result<Response, Denial> {
    permission::check(call, caller, Wants::Query, &format!("dbs/{database}/colls/{container}"))?;
    let container = Container::find(database, container)?;
    let partition = Partition::of(call)?;
    let query = Query::read(&call.body)?;
    if query.is_across() && partition == Partition::All {
        return Err(refusal::across());
    }
    if partition == Partition::None {
        return Err(refusal::partition_needed());
    }
    let seen: Vec<Value> = container.items().into_iter().filter(|item| partition.takes(container, item)).collect();
    let found = query.run(seen);
    let size = request::page_size(call)?;
    let page = Page::cut(&found, call.header("x-ms-continuation"), size).ok_or_else(refusal::continuation)?;
    let (count, next) = (page.items.len(), page.next);
    let mut response = Json(json!({"_rid": container.rid, "Documents": page.items, "_count": count})).into_response();
    let headers = response.headers_mut();
    let mut insert = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    insert("x-ms-request-charge", "2.83".to_owned());
    insert("x-ms-item-count", count.to_string());
    insert("x-ms-session-token", "0:-1#7".to_owned());
    if let Some(next) = next {
        insert("x-ms-continuation", next);
    }
    Ok(response)
}

fn account(call: &Call) -> Value {
    let location = json!([{"name": "East US 2", "databaseAccountEndpoint": format!("{}:443/", call.base)}]);
    json!({
        "_self": "", "id": call.resource().map_or("", |account| account.name), "_rid": "", "media": "//media/",
        "addresses": "//addresses/", "_dbs": "//dbs/", "writableLocations": location, "readableLocations": location,
        "enableMultipleWriteLocations": false,
        "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
    })
}

fn ranges() -> Value {
    json!({
        "_rid": "", "_count": 1,
        "PartitionKeyRanges": [{"id": "0", "minInclusive": "", "maxExclusive": "FF", "status": "online", "parents": []}],
    })
}
