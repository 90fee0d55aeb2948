//! Tools that ask the client between calls (SEP-2322): each answer but the last is a list of questions.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, ClientCapabilities, InputRequests, InputRequiredResult, InputResponses,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{demanding::without_sampling, said};
use crate::{state::States, wire::typed};

const ELICITATION: &str = "test_input_required_result_elicitation";
const STREAMING: &str = "test_streaming_elicitation";
const SAMPLING: &str = "test_input_required_result_sampling";
const ROOTS: &str = "test_input_required_result_list_roots";
const STATE: &str = "test_input_required_result_request_state";
const TAMPERED: &str = "test_input_required_result_tampered_state";
const MULTIPLE: &str = "test_input_required_result_multiple_inputs";
const MULTI_ROUND: &str = "test_input_required_result_multi_round";
const CAPABILITIES: &str = "test_input_required_result_capabilities";

/// Answers a call of one of them; there is no other tool.
pub(super) fn call(
    states: &States,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let answers = request.input_responses.as_ref();
    // Before any answer is looked at: a state that somebody changed makes the whole call worthless.
    let tool = request.name.as_ref();
    let round = states.open(tool, request.request_state.as_deref())?;
    match tool {
        ELICITATION | STREAMING => match accepted(answers, "user_name", "name") {
            Some(name) => done(format!("Hello, {name}!")),
            None => ask(json!({"user_name": form("What is your name?", "name", "string")}), None),
        },
        SAMPLING => match sampled(answers, "capital_question") {
            Some(text) => done(text),
            None => ask(json!({"capital_question": sample("What is the capital of France?", 100)}), None),
        },
        ROOTS => match roots(answers, "client_roots") {
            Some(roots) => done(format!("Roots: {roots}")),
            None => ask(json!({"client_roots": list_roots()}), None),
        },
        STATE | TAMPERED => match (round, answered(answers, "confirm")) {
            (1, Some(_)) => done("state-ok"),
            _ => ask(json!({"confirm": form("Please confirm", "ok", "boolean")}), Some(states.seal(tool, 1))),
        },
        MULTIPLE => multiple(states, round, answers),
        MULTI_ROUND => multi_round(states, round, answers),
        CAPABILITIES => capabilities(context.client_capabilities().unwrap_or_default(), answers),
        _ => Err(ErrorData::invalid_params(format!("there is no tool {tool:?}"), None)),
    }
}

fn multiple(states: &States, round: u8, answers: Option<&InputResponses>) -> Result<CallToolResponse, ErrorData> {
    let given = (accepted(answers, "user_name", "name"), sampled(answers, "greeting"), roots(answers, "client_roots"));
    if let (1, (Some(name), Some(greeting), Some(roots))) = (round, given) {
        return done(format!("{greeting} {name}, with the roots {roots}"));
    }
    let questions = json!({
        "user_name": form("What is your name?", "name", "string"),
        "greeting": sample("Generate a greeting", 50),
        "client_roots": list_roots(),
    });
    ask(questions, Some(states.seal(MULTIPLE, 1)))
}

/// The sealed state says which question was asked last; an answer to another one is none.
fn multi_round(states: &States, round: u8, answers: Option<&InputResponses>) -> Result<CallToolResponse, ErrorData> {
    let second = match round {
        1 => answered(answers, "step1").is_some(),
        2 => match accepted(answers, "step2", "color") {
            Some(color) => return done(format!("The color is {color}")),
            None => true,
        },
        _ => false,
    };
    if second {
        let question = form("Step 2: What is your favorite color?", "color", "string");
        return ask(json!({"step2": question}), Some(states.seal(MULTI_ROUND, 2)));
    }
    ask(json!({"step1": form("Step 1: What is your name?", "name", "string")}), Some(states.seal(MULTI_ROUND, 1)))
}

/// Asks only for what the client said it can give.
fn capabilities(client: ClientCapabilities, answers: Option<&InputResponses>) -> Result<CallToolResponse, ErrorData> {
    if let Some(text) = sampled(answers, "question").or_else(|| accepted(answers, "user_name", "name")) {
        return done(text);
    }
    let mut questions = serde_json::Map::new();
    if client.sampling.is_some() {
        questions.insert("question".to_owned(), sample("What is the capital of France?", 100));
    }
    if client.elicitation.is_some() {
        questions.insert("user_name".to_owned(), form("What is your name?", "name", "string"));
    }
    if questions.is_empty() {
        return Err(without_sampling());
    }
    ask(Value::Object(questions), None)
}

/// Reads the answer to a question, if there is one.
fn answered<'a>(answers: Option<&'a InputResponses>, question: &str) -> Option<&'a Value> {
    answers?.get(question).filter(|answer| answer.is_object())
}

/// Reads one text of a form that the user filled in.
pub(crate) fn accepted(answers: Option<&InputResponses>, question: &str, field: &str) -> Option<String> {
    let answer = answered(answers, question).filter(|answer| answer["action"] == "accept")?;
    answer["content"][field].as_str().map(str::to_owned)
}

fn sampled(answers: Option<&InputResponses>, question: &str) -> Option<String> {
    answered(answers, question)?["content"]["text"].as_str().map(str::to_owned)
}

fn roots(answers: Option<&InputResponses>, question: &str) -> Option<String> {
    let roots = answered(answers, question)?["roots"].as_array()?;
    Some(roots.iter().filter_map(|root| root["uri"].as_str()).collect::<Vec<_>>().join(", "))
}

fn ask(questions: Value, state: Option<String>) -> Result<CallToolResponse, ErrorData> {
    let questions: InputRequests = typed(questions)?;
    Ok(InputRequiredResult::new(Some(questions), state).into())
}

fn done(text: impl Into<String>) -> Result<CallToolResponse, ErrorData> {
    Ok(said(text).into())
}

pub(super) fn form(message: &str, field: &str, kind: &str) -> Value {
    json!({"method": "elicitation/create", "params": {
        "mode": "form",
        "message": message,
        "requestedSchema": {"type": "object", "properties": {field: {"type": kind}}, "required": [field]},
    }})
}

fn sample(question: &str, max_tokens: u32) -> Value {
    json!({"method": "sampling/createMessage", "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": question}}],
        "maxTokens": max_tokens,
    }})
}

fn list_roots() -> Value {
    json!({"method": "roots/list", "params": {}})
}
