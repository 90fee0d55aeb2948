//! A server of tools and nothing else: no prompts, no resources, no sessions.

use std::{
    future::{Future, ready},
    sync::Arc,
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod, ListResourceTemplatesResult,
        ListResourcesRequestMethod, ListResourcesResult, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
        ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::Value;

/// What a server says of itself, and its tools.
pub trait Tools: Send + Sync + 'static {
    /// Returns what it is called, to programs and to people.
    fn name(&self) -> Implementation;

    /// Returns what a model should know of all its tools.
    fn instructions(&self) -> &str;

    /// Returns the tools that are offered.
    fn list(&self) -> Vec<Tool>;

    /// Answers a call.
    ///
    /// # Errors
    /// [`ErrorData`] for a call of nothing that is offered; a tool that fails is an answer.
    fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send;
}

/// Serves tools; clones share them.
#[derive(Debug)]
pub struct ToolServer<T>(pub Arc<T>);

impl<T> Clone for ToolServer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Returns a success that programs and people can read.
#[must_use]
pub fn success(body: Value) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(body.to_string())]);
    result.structured_content = Some(body);
    result
}

/// Refuses a tool that does not exist.
#[must_use]
pub fn no_such_tool() -> ErrorData {
    ErrorData::invalid_params("there is no such tool", None)
}

impl<T: Tools> ServerHandler for ToolServer<T> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(self.0.name())
            .with_instructions(self.0.instructions())
    }

    fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + Send {
        let mut list = ListToolsResult::with_all_items(self.0.list());
        list.ttl_ms = Some(0);
        // What a caller may use is the caller's business: no shared cache may keep it.
        list.cache_scope = Some(CacheScope::Private);
        ready(Ok(list))
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send {
        // rmcp has one future for all methods, as large as the largest, and moves it half a dozen times before it runs.
        Box::pin(self.0.call(request, context))
    }

    // Not declared, so not answered: a client that sees an empty list would think that there may be some one day.
    fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListPromptsResult, ErrorData>> + Send {
        ready(Err(ErrorData::method_not_found::<ListPromptsRequestMethod>()))
    }

    fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListResourcesResult, ErrorData>> + Send {
        ready(Err(ErrorData::method_not_found::<ListResourcesRequestMethod>()))
    }

    fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListResourceTemplatesResult, ErrorData>> + Send {
        ready(Err(ErrorData::method_not_found::<ListResourceTemplatesRequestMethod>()))
    }
}
