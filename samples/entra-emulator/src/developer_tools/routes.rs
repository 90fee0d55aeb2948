//! Where the scripts ask.

use std::time::Duration;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;

use super::{DeveloperTool, ToolBehaviour, account::Account, azure_cli, developer_cli, power_shell, reply::Reply};
use crate::shared::Shared;

/// Longer than anybody waits for a tool.
const HANG: Duration = Duration::from_secs(30);

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/_emulator/tools", post(set)).route("/_emulator/tools/{program}", post(run))
}

/// What a tool does from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    tool: DeveloperTool,
    behaviour: ToolBehaviour,
}

async fn set(State(shared): State<Shared>, Json(change): Json<Change>) -> StatusCode {
    shared.state.tools.set(change.tool, change.behaviour);
    StatusCode::NO_CONTENT
}

async fn run(State(shared): State<Shared>, Path(program): Path<String>, body: Bytes) -> Response {
    let Some(tool) = DeveloperTool::of(&program) else { return StatusCode::NOT_FOUND.into_response() };
    let text = String::from_utf8_lossy(&body);
    let arguments: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    shared.state.tools.remember(tool, &arguments);
    let behaviour = shared.state.tools.get(tool);
    if behaviour == ToolBehaviour::Hang {
        tokio::time::sleep(HANG).await;
    }
    let account = Account { shared: &shared, behaviour: &behaviour };
    let reply = match tool {
        DeveloperTool::AzureCli => azure_cli::run(&account, &arguments),
        DeveloperTool::AzurePowerShell => power_shell::run(&account, &arguments),
        DeveloperTool::AzureDeveloperCli => developer_cli::run(&account, &arguments),
    };
    let reply = if behaviour == ToolBehaviour::Banner { reply.with_banner() } else { reply };
    Reply::write(&reply).into_response()
}
