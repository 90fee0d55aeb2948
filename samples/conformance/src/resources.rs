//! The resources, and the template of more.

use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::json;

use crate::wire::PNG;

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const WATCHED: &str = "test://watched-resource";

pub(crate) fn list() -> Vec<Resource> {
    vec![
        Resource::new(TEXT, "static-text").with_description("A fixed text").with_mime_type("text/plain"),
        Resource::new(BINARY, "static-binary").with_description("A fixed picture").with_mime_type("image/png"),
        Resource::new(WATCHED, "watched-resource").with_description("To subscribe to").with_mime_type("text/plain"),
    ]
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("test://template/{id}/data", "template")
            .with_description("Data for any id")
            .with_mime_type("application/json"),
    ]
}

/// Reads a resource.
pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let contents = match uri {
        TEXT => {
            ResourceContents::text("This is the content of the static text resource.", uri).with_mime_type("text/plain")
        }
        BINARY => ResourceContents::blob(PNG, uri).with_mime_type("image/png"),
        WATCHED => ResourceContents::text("Watched.", uri).with_mime_type("text/plain"),
        _ => match id_of(uri) {
            Some(id) => ResourceContents::text(data_for(id), uri).with_mime_type("application/json"),
            None => return Err(ErrorData::resource_not_found("Resource not found", Some(json!({"uri": uri})))),
        },
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

/// Finds what the template's `{id}` stands for: one segment, as RFC 6570 section 3.2.2 expands it.
fn id_of(uri: &str) -> Option<&str> {
    let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

fn data_for(id: &str) -> String {
    json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_template_expands_to_has_an_id() {
        for (name, uri, id) in [
            ("a number", "test://template/123/data", Some("123")),
            ("nothing", "test://template//data", None),
            ("two segments", "test://template/1/2/data", None),
            ("another end", "test://template/1/date", None),
        ] {
            assert_eq!(id_of(uri), id, "{name}");
        }
    }

    #[test]
    fn everything_that_is_listed_can_be_read() {
        for resource in list() {
            assert!(read(&resource.uri).is_ok(), "{}", resource.uri);
        }
    }
}
