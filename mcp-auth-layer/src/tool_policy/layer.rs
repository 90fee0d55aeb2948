//! The layer's configuration.

use std::sync::Arc;

use serde_json::{Value, json};
use tower_layer::Layer;

use super::{
    ToolPolicy,
    table::{Needs, Table},
};
use crate::{bearer::Caller, policy::ScopePolicy};

const MIB: usize = 1024 * 1024;

/// Lets callers use only the tools that are listed for them; see the [module docs](super).
///
/// # Defaults
/// No tool and no method but the [open ones](super#what-is-open) may be used. Messages of up to 1 MiB are read; a message is
/// judged by its body.
#[derive(Clone, Debug)]
pub struct ToolPolicyLayer {
    settings: Arc<Settings>,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) table: Table,
    pub(super) max_message: usize,
    pub(super) judged_by: JudgedBy,
}

/// What tells the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JudgedBy {
    Body,
    Headers,
}

impl ToolPolicyLayer {
    /// Denies everything that is not listed later on.
    #[must_use]
    pub fn deny_unlisted() -> Self {
        let settings = Settings { table: Table::default(), max_message: MIB, judged_by: JudgedBy::Body };
        Self { settings: Arc::new(settings) }
    }

    /// Lists a tool, for callers with these scopes; the last listing of a tool counts.
    #[must_use]
    pub fn allow(self, tool: &str, needs: ScopePolicy) -> Self {
        self.with(|settings| settings.table.list_tool(tool, Needs::Scopes(needs)))
    }

    /// Lists a tool, for every caller that the bearer layer admits.
    #[must_use]
    pub fn allow_any_caller(self, tool: &str) -> Self {
        self.with(|settings| settings.table.list_tool(tool, Needs::Nothing))
    }

    /// Lists another method than `tools/call`, for callers with these scopes.
    ///
    /// The name is exact, and covers all that the method can be about: every prompt of `prompts/get`, every URI of
    /// `resources/read`. An open method is no longer open once it is listed. Listing `tools/call` has no effect: tools are
    /// listed one by one.
    #[must_use]
    pub fn allow_method(self, method: &str, needs: ScopePolicy) -> Self {
        self.with(|settings| settings.table.list_method(method, Needs::Scopes(needs)))
    }

    /// Lists another method than `tools/call`, for every caller that the bearer layer admits.
    ///
    /// As with [`allow_method`](Self::allow_method), listing `tools/call` has no effect.
    #[must_use]
    pub fn allow_method_any_caller(self, method: &str) -> Self {
        self.with(|settings| settings.table.list_method(method, Needs::Nothing))
    }

    /// Reads messages of up to this many bytes; longer ones are answered with 413.
    #[must_use]
    pub fn with_max_message(self, bytes: usize) -> Self {
        self.with(|settings| settings.max_message = bytes)
    }

    /// Believes the headers `Mcp-Method` and `Mcp-Name` and leaves the body unread.
    ///
    /// # Danger
    /// Whoever sends a harmless header with the body of another call gets that call, *unless the server behind compares them*.
    /// The specification demands that of servers from version 2026-07-28 on, and rmcp does it. Choose this only for such a
    /// server, with nothing between that changes headers, and where reading bodies costs too much.
    ///
    /// Requests of older versions, whose headers no server compares, and requests without the headers are judged by their
    /// body as ever.
    #[must_use]
    pub fn trust_headers(self) -> Self {
        self.with(|settings| settings.judged_by = JudgedBy::Headers)
    }

    /// Tells whether this caller may call this tool, by the same table that judges the call.
    #[must_use]
    pub fn visible(&self, caller: &Caller, tool: &str) -> bool {
        self.settings.table.shows(caller, tool)
    }

    /// Leaves only visible tools in the `result` of a `tools/list`, and marks it private.
    ///
    /// `cacheScope: "private"` keeps a client from showing one user's list to another (MCP 2026-07-28, caching). What is not
    /// such a result becomes an empty list.
    pub fn filter_tools(&self, caller: &Caller, result: &mut Value) {
        let is_visible =
            |tool: &Value| tool.get("name").and_then(Value::as_str).is_some_and(|name| self.visible(caller, name));
        if !result.is_object() {
            *result = json!({});
        }
        match result.get_mut("tools") {
            Some(Value::Array(tools)) => tools.retain(is_visible),
            _ => result["tools"] = json!([]),
        }
        result["cacheScope"] = json!("private");
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<S> Layer<S> for ToolPolicyLayer {
    type Service = ToolPolicy<S>;

    fn layer(&self, inner: S) -> ToolPolicy<S> {
        ToolPolicy::new(inner, Arc::clone(&self.settings))
    }
}
