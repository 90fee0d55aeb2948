use serde_json::{Map, Value, json};

use super::message::Message;
use super::odata::{ListOptions, PageSize};

/// The collection's path below the base URL.
pub const MESSAGES_PATH: &str = "/v1.0/admin/serviceAnnouncement/messages";

const METADATA_PATH: &str = "/v1.0/$metadata#admin/serviceAnnouncement/messages";

/// Holds one page of messages, ready to be sent with status 200.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The JSON body.
    pub body: Value,
    /// The value of the `Preference-Applied` response header.
    pub preference_applied: Option<String>,
}

/// Filters, sorts and cuts one page out of `messages`.
pub(super) fn page(messages: &[Message], options: &ListOptions, page_size: PageSize, base_url: &str) -> Page {
    let found = options.matching(messages);
    // `$top` bounds the whole answer, the page size one page of it (OData 4.01 part 1, 11.2.6.3 and 8.2.8.5).
    let wanted = options.top.unwrap_or(usize::MAX);
    let length = wanted.min(page_size.get());
    let rest = found.get(options.skip..).unwrap_or_default();
    let shown = &rest[..length.min(rest.len())];

    let mut body = Map::new();
    body.insert("@odata.context".into(), context(options, base_url).into());
    if options.count {
        body.insert("@odata.count".into(), found.len().into());
    }
    if rest.len().min(wanted) > shown.len() {
        let query = options.next_page(shown.len());
        body.insert("@odata.nextLink".into(), format!("{base_url}{MESSAGES_PATH}?{query}").into());
    }
    let values = shown.iter().map(|message| select(message, options));
    body.insert("value".into(), values.collect());
    Page { body: Value::Object(body), preference_applied: page_size.applied() }
}

/// One message with the context of an entity.
pub(super) fn single(message: &Message, base_url: &str) -> Value {
    let mut body = message.to_json();
    body["@odata.context"] = json!(format!("{base_url}{METADATA_PATH}/$entity"));
    body
}

fn context(options: &ListOptions, base_url: &str) -> String {
    match options.select.as_slice() {
        [] => format!("{base_url}{METADATA_PATH}"),
        names => format!("{base_url}{METADATA_PATH}({})", names.join(",")),
    }
}

fn select(message: &Message, options: &ListOptions) -> Value {
    let whole = message.to_json();
    match (whole, options.select.as_slice()) {
        (whole, []) => whole,
        (Value::Object(fields), names) => {
            fields.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect::<Map<_, _>>().into()
        }
        (other, _) => other,
    }
}
