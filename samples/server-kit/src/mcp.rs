//! A server of tools and nothing else: no prompts, no resources, no sessions.

use std::{
    future::{Future, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::FutureExt as _;
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

/// What is answered in place of a panic, whose message the panic hook has written.
///
/// rmcp runs a method in a task of its own, which nobody asks how it ended: without an answer its caller would wait for ever,
/// and so would whoever waits for the caller.
fn panicked<E>(_: E) -> ErrorData {
    ErrorData::internal_error("the tool failed, for no reason of yours", None)
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
        let tools = catch_unwind(AssertUnwindSafe(|| self.0.list())).map_err(panicked);
        ready(tools.map(|tools| {
            let mut list = ListToolsResult::with_all_items(tools);
            list.ttl_ms = Some(0);
            // What a caller may use is the caller's business: no shared cache may keep it.
            list.cache_scope = Some(CacheScope::Private);
            list
        }))
    }

    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send {
        // rmcp has one future for all methods, as large as the largest, and moves it half a dozen times before it runs.
        Box::pin(async move {
            // Awaited inside, so that whatever runs before the first await is caught as well.
            let call = async move { self.0.call(request, context).await };
            AssertUnwindSafe(call).catch_unwind().await.map_err(panicked)?
        })
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
