//! The tools: what is listed, and who answers a call.

mod catalogue;
mod content;
mod demanding;
mod legacy;
mod notifying;
pub(crate) mod rounds;
pub(crate) mod tasks;

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock},
    service::RequestContext,
};

pub(crate) use self::catalogue::list;
use crate::{changes::Change, fixture::Shared};

/// Answers a call.
pub(crate) async fn call(
    shared: &Shared,
    request: CallToolRequestParams,
    context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    if let Some(response) = tasks::call(&shared.tasks, &request, &context).await? {
        return Ok(response);
    }
    let result = match request.name.as_ref() {
        "test_tool_with_progress" => notifying::progress(&context).await?,
        "test_tool_with_logging" | "test_logging_tool" => notifying::log(&context).await?,
        "test_sampling" => legacy::sample(&request, &context).await?,
        "test_elicitation" => legacy::elicit_user(&request, &context).await?,
        "test_elicitation_sep1034_defaults" => legacy::elicit_defaults(&context).await?,
        "test_elicitation_sep1330_enums" => legacy::elicit_choices(&context).await?,
        "test_missing_capability" => demanding::sampling(&context)?,
        "test_trigger_tool_change" => announced(shared, Change::Tools),
        "test_trigger_prompt_change" => announced(shared, Change::Prompts),
        name => match content::of(name)? {
            Some(result) => result,
            None => return rounds::call(&shared.states, &request, &context),
        },
    };
    Ok(result.into())
}

fn announced(shared: &Shared, change: Change) -> CallToolResult {
    shared.changes.announce(change);
    said("announced")
}

fn said(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
