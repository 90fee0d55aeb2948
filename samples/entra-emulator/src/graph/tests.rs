use std::collections::HashSet;

use serde_json::Value;

use super::{GraphError, MESSAGES_PATH, Page, corpus, message_by_id, messages};

const BASE: &str = "http://127.0.0.1:4711";

fn list(query: &str, prefer: Option<&str>) -> Page {
    messages(Some(query), prefer, BASE).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn values(page: &Page) -> &[Value] {
    page.body["value"].as_array().unwrap()
}

fn next_query(page: &Page) -> Option<String> {
    let link = page.body.get("@odata.nextLink")?.as_str().unwrap();
    let prefix = format!("{BASE}{MESSAGES_PATH}?");
    Some(link.strip_prefix(&prefix).unwrap().to_owned())
}

/// Follows the links to the end and returns the ids of each page.
fn walk(query: &str, prefer: Option<&str>) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(query.to_owned());
    while let Some(query) = next {
        assert!(pages.len() < 100, "the links do not end");
        let page = list(&query, prefer);
        let ids = values(&page).iter().map(|m| m["id"].as_str().unwrap().to_owned());
        pages.push(ids.collect::<Vec<_>>());
        next = next_query(&page);
    }
    pages
}

#[test]
fn without_a_query_one_page_of_at_most_a_hundred_comes_back() {
    let page = messages(None, None, BASE).unwrap();
    assert_eq!(values(&page).len(), corpus::messages().len().min(100));
    assert_eq!(page.body["@odata.context"], format!("{BASE}/v1.0/$metadata#admin/serviceAnnouncement/messages"));
    assert_eq!(page.body.get("@odata.count"), None);
    assert_eq!(page.preference_applied, None);
}

#[test]
fn following_the_links_yields_every_message_once() {
    let total = corpus::messages().len();
    let rows = [
        ("pages of five", "$orderby=lastModifiedDateTime desc&$count=true", 5),
        ("pages of one", "", 1),
        ("pages of seven in another order", "$orderby=severity,title desc", 7),
        ("a page that holds all", "", 1000),
    ];
    for (row, query, size) in rows {
        let prefer = format!("odata.maxpagesize={size}");
        let pages = walk(query, Some(&prefer));
        assert_eq!(pages.len(), total.div_ceil(size), "{row}");
        let ids = pages.concat();
        let distinct: HashSet<_> = ids.iter().collect();
        assert_eq!((ids.len(), distinct.len()), (total, total), "{row}");
    }
}

#[test]
fn a_filter_survives_the_links() {
    let filter = "contains(tolower(title),'über') or tags/any(t:t eq 'Retirement') or title eq 'a+b&c=%41'";
    let encoded = filter.replace('%', "%25").replace('+', "%2B").replace('&', "%26").replace(' ', "+");
    let query = format!("$filter={encoded}&$orderby=id");
    let whole = walk(&query, None).concat();
    let paged = walk(&query, Some("odata.maxpagesize=3")).concat();
    assert!(whole.len() > 3 && whole.len() < corpus::messages().len());
    assert_eq!(paged, whole);
}

#[test]
fn top_bounds_the_whole_answer_and_not_the_page() {
    let pages = walk("$top=12", Some("odata.maxpagesize=5"));
    let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(lengths, [5, 5, 2]);

    let page = list("$top=5", Some("odata.maxpagesize=5"));
    assert_eq!((values(&page).len(), next_query(&page)), (5, None));
}

#[test]
fn the_link_carries_on_behind_what_was_skipped() {
    let page = list("$skip=3&$top=12&$count=true&$orderby=title desc", Some("odata.maxpagesize=5"));
    let next = next_query(&page).unwrap();
    assert_eq!(next, "$count=true&$orderby=title%20desc&$top=7&$skip=8");
}

#[test]
fn top_zero_asks_for_the_count_alone() {
    let page = list("$top=0&$count=true&$filter=severity eq 'critical'", None);
    let expected = corpus::messages().iter().filter(|m| m.severity.name() == "critical").count();
    assert_eq!(page.body["@odata.count"], expected);
    assert_eq!((values(&page).len(), next_query(&page)), (0, None));
}

#[test]
fn the_count_is_that_of_all_matches_on_every_page() {
    let total = corpus::messages().len();
    let mut query = "$count=true".to_owned();
    for _ in 0..3 {
        let page = list(&query, Some("odata.maxpagesize=4"));
        assert_eq!(page.body["@odata.count"], total);
        query = next_query(&page).unwrap();
    }
    assert_eq!(list("$count=false", None).body.get("@odata.count"), None);
}

#[test]
fn skipping_everything_leaves_an_empty_page_without_link() {
    let total = corpus::messages().len();
    for skip in [total, total + 1, 2_000_000_000] {
        let page = list(&format!("$skip={skip}"), None);
        assert_eq!((values(&page).len(), next_query(&page)), (0, None), "{skip}");
    }
}

#[test]
fn the_honoured_preference_is_told() {
    let page = list("", Some("odata.maxpagesize=5"));
    assert_eq!(page.preference_applied.as_deref(), Some("odata.maxpagesize=5"));
    let page = list("", Some("odata.maxpagesize=0"));
    assert_eq!(page.preference_applied, None);
}

#[test]
fn select_leaves_the_named_fields() {
    let page = list("$select=id,title&$top=1", None);
    let fields: Vec<_> = values(&page)[0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "title"]);
    let context = page.body["@odata.context"].as_str().unwrap();
    assert!(context.ends_with("/messages(id,title)"), "{context}");
}

#[test]
fn a_message_has_every_field_of_the_resource() {
    let page = list("$top=1&$filter=actionRequiredByDateTime eq null", None);
    let message = &values(&page)[0];
    let fields: Vec<_> = message.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "id",
        "title",
        "category",
        "severity",
        "isMajorChange",
        "services",
        "tags",
        "startDateTime",
        "endDateTime",
        "lastModifiedDateTime",
        "actionRequiredByDateTime",
        "details",
        "body",
        "viewPoint",
        "hasAttachments",
        "attachmentsArchive",
    ];
    expected.sort_unstable();
    let mut fields = fields;
    fields.sort_unstable();
    assert_eq!(fields, expected);
    assert_eq!(message["actionRequiredByDateTime"], Value::Null);
    assert_eq!(message["body"]["contentType"], "html");
}

#[test]
fn one_message_is_found_by_its_id() {
    let first = &corpus::messages()[0];
    let body = message_by_id(&first.id, BASE).unwrap();
    assert_eq!(body["id"], first.id.as_str());
    assert_eq!(body["@odata.context"], format!("{BASE}/v1.0/$metadata#admin/serviceAnnouncement/messages/$entity"));
}

#[test]
fn refusals_carry_status_code_and_sentence() {
    let rows = [
        (
            "negative top",
            messages(Some("$top=-1"), None, BASE).unwrap_err(),
            (400, "BadRequest", "The value '-1' for $top is not a non-negative integer."),
        ),
        (
            "filter on details",
            messages(Some("$filter=details/any(d:d eq 'x')"), None, BASE).unwrap_err(),
            (400, "BadRequest", "Invalid filter clause: the property 'details' does not support filters."),
        ),
        (
            "unknown option",
            messages(Some("$search=x"), None, BASE).unwrap_err(),
            (400, "BadRequest", "The query option '$search' is not supported."),
        ),
        (
            "unknown id",
            message_by_id("MC1", BASE).unwrap_err(),
            (404, "NotFound", "No service message with id 'MC1' exists."),
        ),
    ];
    for (row, error, (status, code, message)) in rows {
        let error: GraphError = error;
        let found = (error.status().as_u16(), error.code(), error.message());
        assert_eq!(found, (status, code, message.to_owned()), "{row}");
    }
}
