//! Tools that ask the client while the call is open, as MCP had it until 2025-11-25.
#![allow(deprecated, reason = "the suite still tests sampling")]

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResult, ElicitResult},
    service::{RequestContext, ServiceError},
};
use serde_json::{Value, json};

use super::said;
use crate::wire::typed;

/// Asks the client's model.
pub(super) async fn sample(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let prompt = argument(request, "prompt")?;
    let question = json!({
        "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}],
        "maxTokens": 100,
    });
    let answer = context.peer.create_message(typed(question)?).await.map_err(|error| unanswered(&error))?;
    let content = serde_json::to_value(&answer.message.content).unwrap_or_default();
    let text = content["text"].as_str().or_else(|| content[0]["text"].as_str()).unwrap_or_default();
    Ok(said(format!("LLM response: {text}")))
}

/// Asks the user who they are.
pub(super) async fn elicit_user(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let properties = json!({
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    });
    let answer = elicit(context, argument(request, "message")?, properties, &["username", "email"]).await?;
    Ok(said(format!("User response: {}", of(&answer))))
}

/// Asks with a default of each primitive type (SEP-1034).
pub(super) async fn elicit_defaults(context: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
    let properties = json!({
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    });
    let answer = elicit(context, "Please check these values", properties, &[]).await?;
    Ok(said(format!("Elicitation completed: {}", of(&answer))))
}

/// Asks for one and for several of a list, with titles and without (SEP-1330).
pub(super) async fn elicit_choices(context: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
    let options = json!(["option1", "option2", "option3"]);
    let titled = |noun: &str| {
        json!([
            {"const": "value1", "title": format!("First {noun}")},
            {"const": "value2", "title": format!("Second {noun}")},
            {"const": "value3", "title": format!("Third {noun}")},
        ])
    };
    let properties = json!({
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled("Option")},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled("Choice")}},
    });
    let answer = elicit(context, "Please choose", properties, &[]).await?;
    Ok(said(format!("Elicitation completed: {}", of(&answer))))
}

async fn elicit(
    context: &RequestContext<RoleServer>,
    message: &str,
    properties: Value,
    required: &[&str],
) -> Result<ElicitResult, ErrorData> {
    if context.client_capabilities().is_none_or(|capabilities| capabilities.elicitation.is_none()) {
        return Err(ErrorData::invalid_request("the client cannot ask its user", None));
    }
    let question = json!({
        "mode": "form",
        "message": message,
        "requestedSchema": {"type": "object", "properties": properties, "required": required},
    });
    context.peer.create_elicitation(typed(question)?).await.map_err(|error| unanswered(&error))
}

fn of(answer: &ElicitResult) -> String {
    let action = serde_json::to_value(&answer.action).unwrap_or_default();
    let content = answer.content.clone().unwrap_or_default();
    format!("action={}, content={content}", action.as_str().unwrap_or_default())
}

fn argument<'a>(request: &'a CallToolRequestParams, name: &str) -> Result<&'a str, ErrorData> {
    let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name)).and_then(Value::as_str);
    value.ok_or_else(|| ErrorData::invalid_params(format!("the argument {name} is missing"), None))
}

fn unanswered(error: &ServiceError) -> ErrorData {
    ErrorData::internal_error(format!("the client did not answer: {error}"), None)
}
