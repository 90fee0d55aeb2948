//! Tools whose work goes on after the call (SEP-2663): the client comes back for the result.

use std::{fmt, ops::Deref, time::Duration};

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult,
        InputRequest, InputRequiredResult,
    },
    service::RequestContext,
    task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions},
};
use serde_json::{Value, json};
use tokio::time;

use super::{
    rounds::{accepted, form},
    said,
};
use crate::wire::typed;

const POLL_MS: u64 = 100;

/// What all sessions have under way.
#[derive(Clone, Default)]
pub(crate) struct Tasks(TaskManager);

impl Deref for Tasks {
    type Target = TaskManager;

    fn deref(&self) -> &TaskManager {
        &self.0
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tasks(..)")
    }
}

/// Refuses a client that would not know what to do with a task.
pub(crate) fn require(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    if context.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks()) {
        return Ok(());
    }
    Err(ErrorData::missing_required_client_capability(ClientCapabilities::builder().enable_tasks().build()))
}

/// Answers a call of one of them; none for another tool.
pub(super) async fn call(
    tasks: &Tasks,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<Option<CallToolResponse>, ErrorData> {
    let arguments = request.arguments.clone().unwrap_or_default();
    let answers = request.input_responses.as_ref();
    let work = match request.name.as_ref() {
        "greet" => {
            let name = arguments.get("name").and_then(Value::as_str).unwrap_or("nobody");
            return Ok(Some(said(format!("Hello, {name}!")).into()));
        }
        "slow_compute" => {
            let seconds = arguments.get("seconds").and_then(Value::as_f64).unwrap_or_default();
            let duration = Duration::try_from_secs_f64(seconds)
                .map_err(|error| ErrorData::invalid_params(error.to_string(), None))?;
            if require(context).is_err() {
                time::sleep(duration).await;
                return Ok(Some(said("computed").into()));
            }
            Work::Compute(duration)
        }
        "failing_job" => Work::Fail,
        "protocol_error_job" => Work::Break,
        "confirm_delete" => Work::Ask(&["confirm"]),
        "multi_input" => Work::Ask(&["first", "second"]),
        "test_tool_with_task" => match accepted(answers, "user_name", "name") {
            Some(name) => Work::Say(format!("Hello, {name}!")),
            None => {
                require(context)?;
                let questions = typed(json!({"user_name": form("What is your name?", "name", "string")}))?;
                return Ok(Some(InputRequiredResult::from_input_requests(questions).into()));
            }
        },
        _ => return Ok(None),
    };
    require(context)?;
    let options = TaskOptions::new().with_poll_interval_ms(POLL_MS);
    let task = tasks.spawn(options, |context| Box::pin(work.run(context)));
    Ok(Some(CreateTaskResult::new(task).into()))
}

/// What a task does.
enum Work {
    Say(String),
    Compute(Duration),
    Fail,
    Break,
    Ask(&'static [&'static str]),
}

impl Work {
    async fn run(self, task: TaskContext) -> Result<CallToolResult, TaskExit> {
        match self {
            Self::Say(text) => Ok(said(text)),
            Self::Compute(duration) => tokio::select! {
                () = task.cancelled() => Err(TaskExit::Cancelled),
                () = time::sleep(duration) => Ok(said("computed")),
            },
            Self::Fail => Ok(CallToolResult::error(vec![ContentBlock::text("This job always fails")])),
            Self::Break => Err(ErrorData::internal_error("this job always breaks", None).into()),
            Self::Ask(questions) => ask(&task, questions).await,
        }
    }
}

/// Asks everything at once, and waits for all answers.
async fn ask(task: &TaskContext, questions: &[&str]) -> Result<CallToolResult, TaskExit> {
    let mut waiting = tokio::task::JoinSet::new();
    for question in questions {
        let request: InputRequest = typed(form("Please confirm", "confirm", "boolean"))?;
        let (task, question) = (task.clone(), (*question).to_owned());
        waiting.spawn(async move { task.request_input(question, request).await });
    }
    while let Some(answer) = waiting.join_next().await {
        answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))??;
    }
    Ok(said("answered"))
}
