//! What `tools/list` tells.

use rmcp::{ErrorData, model::Tool};
use serde_json::{Value, json};

use crate::wire::typed;

/// Tools without arguments.
const PLAIN: [(&str, &str); 29] = [
    ("test_simple_text", "A text"),
    ("test_image_content", "A picture"),
    ("test_audio_content", "A sound"),
    ("test_embedded_resource", "A resource"),
    ("test_multiple_content_types", "A text, a picture and a resource"),
    ("test_error_handling", "Always fails"),
    ("test_tool_with_progress", "Reports its progress"),
    ("test_tool_with_logging", "Logs while it works"),
    ("test_logging_tool", "Logs while it works, for those who asked for it"),
    ("test_elicitation_sep1034_defaults", "Asks for input with a default of each type"),
    ("test_elicitation_sep1330_enums", "Asks for choices of each kind"),
    ("test_missing_capability", "Needs a client that can sample"),
    ("test_streaming_elicitation", "Asks for input at the end of its stream"),
    ("test_trigger_tool_change", "Announces a change of the tools"),
    ("test_trigger_prompt_change", "Announces a change of the prompts"),
    ("test_input_required_result_elicitation", "Asks the user for a name"),
    ("test_input_required_result_sampling", "Asks the model a question"),
    ("test_input_required_result_list_roots", "Asks the client for its roots"),
    ("test_input_required_result_request_state", "Asks, and knows its state again"),
    ("test_input_required_result_multiple_inputs", "Asks for three things at once"),
    ("test_input_required_result_multi_round", "Asks twice"),
    ("test_input_required_result_tampered_state", "Asks, and refuses a forged state"),
    ("test_input_required_result_capabilities", "Asks for what the client can give"),
    ("test_reconnection", "Answers at once"),
    ("failing_job", "A task that fails"),
    ("protocol_error_job", "A task that breaks"),
    ("confirm_delete", "A task that asks the user"),
    ("multi_input", "A task that asks the user twice at once"),
    ("test_tool_with_task", "Asks the user, and then becomes a task"),
];

/// Makes the list, always in the same order.
pub(crate) fn list() -> Result<Vec<Tool>, ErrorData> {
    let plain = PLAIN.into_iter().map(|(name, description)| {
        json!({"name": name, "description": description, "inputSchema": {"type": "object", "properties": {}}})
    });
    plain.chain(with_arguments()).map(typed).collect()
}

fn with_arguments() -> [Value; 6] {
    [
        json!({"name": "greet", "description": "Greets", "inputSchema": with_string("name", "Whom to greet")}),
        json!({"name": "slow_compute", "description": "A task that takes its time", "inputSchema": {
            "type": "object",
            "properties": {
                "seconds": {"type": "number", "description": "How long"},
                "label": {"type": "string", "description": "What for"},
            },
            "required": ["seconds"],
        }}),
        json!({"name": "test_sampling", "description": "Asks the model", "inputSchema": with_string("prompt", "What to ask")}),
        json!({"name": "test_elicitation", "description": "Asks the user", "inputSchema": with_string("message", "What to ask")}),
        json!({"name": "test_custom_header", "description": "Repeats an argument that is also a header", "inputSchema": {
            "type": "object",
            "properties": {"region": {"type": "string", "description": "A place", "x-mcp-header": "Region"}},
            "required": ["region"],
        }}),
        json!({
            "name": "json_schema_2020_12_tool",
            "description": "Tool with JSON Schema 2020-12 features",
            "inputSchema": schema_2020_12(),
        }),
    ]
}

fn with_string(name: &str, description: &str) -> Value {
    json!({
        "type": "object",
        "properties": {name: {"type": "string", "description": description}},
        "required": [name],
    })
}

/// Keywords that a server must not lose on the way to the list (SEP-1613, SEP-2106).
fn schema_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}
