//! A tool that a client must be able to serve.

use rmcp::{ErrorData, RoleServer, model::CallToolResult, service::RequestContext};

use serde_json::json;

use super::said;
use crate::wire::typed;

/// Refuses a client that did not say that it can sample.
pub(super) fn sampling(context: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
    if context.client_capabilities().is_some_and(|capabilities| capabilities.sampling.is_some()) {
        return Ok(said("the client can sample"));
    }
    Err(without_sampling())
}

/// Says what the client lacks.
pub(super) fn without_sampling() -> ErrorData {
    match typed(json!({"sampling": {}})) {
        Ok(required) => ErrorData::missing_required_client_capability(required),
        Err(error) => error,
    }
}
