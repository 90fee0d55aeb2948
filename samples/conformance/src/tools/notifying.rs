//! Tools that send notifications while they work.
#![allow(deprecated, reason = "the suite still tests logging")]

use std::time::Duration;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolResult, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ProtocolVersion,
    },
    service::{RequestContext, ServiceError},
};
use serde_json::Value;
use tokio::time;

use super::said;

/// The suite wants to see that notifications arrive one by one.
const PAUSE: Duration = Duration::from_millis(50);

/// Reports none, half and all, to a client that gave a token for it.
pub(super) async fn progress(context: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
    let token = context.meta.get_progress_token();
    for progress in [0.0, 50.0, 100.0] {
        if progress > 0.0 {
            time::sleep(PAUSE).await;
        }
        if let Some(token) = token.clone() {
            let report = ProgressNotificationParam::new(token, progress).with_total(100.0);
            context.peer.notify_progress(report).await.map_err(|error| undelivered(&error))?;
        }
    }
    Ok(said("progress reported"))
}

/// Logs at `info`, thrice.
pub(super) async fn log(context: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
    for (step, text) in
        ["Tool execution started", "Tool processing data", "Tool execution completed"].into_iter().enumerate()
    {
        if step > 0 {
            time::sleep(PAUSE).await;
        }
        if wants_info(context) {
            let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, Value::from(text));
            context.peer.notify_logging_message(message).await.map_err(|error| undelivered(&error))?;
        }
    }
    Ok(said("logged"))
}

/// Since 2026-07-28 each request says what it wants to hear, and without a level that is nothing. Before, the server
/// decided until `logging/setLevel` said otherwise.
fn wants_info(context: &RequestContext<RoleServer>) -> bool {
    let modern =
        context.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
    match context.meta.log_level() {
        Some(level) => matches!(level, LoggingLevel::Debug | LoggingLevel::Info),
        None => !modern,
    }
}

fn undelivered(error: &ServiceError) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
