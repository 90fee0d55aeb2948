//! Tools that answer with fixed content.

use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock},
};
use serde_json::{Value, json};

use crate::wire::{PNG, WAV, typed};

/// Returns the content of a tool; none for a tool of another kind.
pub(super) fn of(name: &str) -> Result<Option<CallToolResult>, ErrorData> {
    let content = match name {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([image()]),
        "test_audio_content" => json!([{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]),
        "test_embedded_resource" => {
            json!([resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")])
        }
        "test_multiple_content_types" => json!([
            text("Multiple content types test:"),
            image(),
            resource("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ]),
        "test_error_handling" => {
            let content = ContentBlock::text("This tool intentionally returns an error for testing");
            return Ok(Some(CallToolResult::error(vec![content])));
        }
        "test_custom_header" | "json_schema_2020_12_tool" | "test_reconnection" => json!([text("done")]),
        _ => return Ok(None),
    };
    Ok(Some(CallToolResult::success(typed(content)?)))
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn image() -> Value {
    json!({"type": "image", "data": PNG, "mimeType": "image/png"})
}

fn resource(uri: &str, mime_type: &str, text: &str) -> Value {
    json!({"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": text}})
}
