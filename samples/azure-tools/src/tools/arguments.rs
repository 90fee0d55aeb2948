//! Arguments that many tools take, and how their schemas are written.

use rmcp::model::JsonObject;
use serde_json::Value;

/// Names one type only for each argument: some clients cannot read a list of types, and leaving an argument out says the same
/// as null.
pub(super) fn plain(schema: &JsonObject) -> JsonObject {
    let mut schema = schema.clone();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        let named = property["type"].as_array().and_then(|types| types.iter().find(|one| *one != "null")).cloned();
        if let Some(named) = named {
            property["type"] = named;
        }
    }
    schema
}
