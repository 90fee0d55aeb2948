//! The prompts, and the completions of their arguments.

use rmcp::{
    ErrorData,
    model::{GetPromptRequestParams, GetPromptResponse, GetPromptResult, InputRequiredResult, Prompt, PromptMessage},
};
use serde_json::{Value, json};

use crate::{
    tools::rounds::accepted,
    wire::{PNG, typed},
};

pub(crate) fn list() -> Result<Vec<Prompt>, ErrorData> {
    typed(json!([
        {"name": "test_simple_prompt", "description": "One message"},
        {"name": "test_prompt_with_arguments", "description": "A message made of two arguments", "arguments": [
            {"name": "arg1", "description": "The first", "required": true},
            {"name": "arg2", "description": "The second", "required": true},
        ]},
        {"name": "test_prompt_with_embedded_resource", "description": "A resource and a message", "arguments": [
            {"name": "resourceUri", "description": "Which resource", "required": true},
        ]},
        {"name": "test_prompt_with_image", "description": "A picture and a message"},
        {"name": "test_input_required_result_prompt", "description": "Asks the user before it answers"},
    ]))
}

/// Words to complete any argument with.
pub(crate) fn completions(start: &str) -> Vec<String> {
    ["paris", "park", "party"].into_iter().filter(|word| word.starts_with(start)).map(str::to_owned).collect()
}

/// Makes a prompt.
pub(crate) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let contents = match request.name.as_str() {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument(request, "arg1")?, argument(request, "arg2")?);
            vec![text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => vec![
            json!({"type": "resource", "resource": {
                "uri": argument(request, "resourceUri")?,
                "mimeType": "text/plain",
                "text": "Embedded resource content for testing.",
            }}),
            text("Please process the embedded resource above."),
        ],
        "test_prompt_with_image" => vec![
            json!({"type": "image", "data": PNG, "mimeType": "image/png"}),
            text("Please analyze the image above."),
        ],
        "test_input_required_result_prompt" => {
            match accepted(request.input_responses.as_ref(), "user_context", "context") {
                Some(context) => vec![text(&format!("Prompt in the context of {context}"))],
                None => return ask_for_context(),
            }
        }
        name => return Err(ErrorData::invalid_params(format!("there is no prompt {name:?}"), None)),
    };
    Ok(GetPromptResult::new(messages(contents)?).into())
}

fn messages(contents: Vec<Value>) -> Result<Vec<PromptMessage>, ErrorData> {
    contents.into_iter().map(|content| typed(json!({"role": "user", "content": content}))).collect()
}

fn ask_for_context() -> Result<GetPromptResponse, ErrorData> {
    let requests = typed(json!({"user_context": {"method": "elicitation/create", "params": {
        "mode": "form",
        "message": "What context should the prompt use?",
        "requestedSchema": {
            "type": "object",
            "properties": {"context": {"type": "string"}},
            "required": ["context"],
        },
    }}}))?;
    Ok(InputRequiredResult::from_input_requests(requests).into())
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn argument<'a>(request: &'a GetPromptRequestParams, name: &str) -> Result<&'a str, ErrorData> {
    let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name)).and_then(Value::as_str);
    value.ok_or_else(|| ErrorData::invalid_params(format!("the argument {name} is missing"), None))
}
