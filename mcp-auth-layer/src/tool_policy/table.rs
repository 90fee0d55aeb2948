//! Who may do what: the decision, apart from HTTP.

use std::collections::BTreeMap;

use super::Operation;
use crate::{
    bearer::Caller,
    policy::ScopePolicy,
    reject::{ForbiddenFault, Rejection},
};

/// Requests that every admitted caller may make: they say what the server is and what it offers, and start nothing.
///
/// `resources/list` is not among them: the names of documents are often as telling as the documents.
const OPEN_REQUESTS: [&str; 5] = ["initialize", "ping", "prompts/list", "server/discover", "tools/list"];

/// Notifications that every admitted caller may send: each is about the caller's own session or request.
const OPEN_NOTIFICATIONS: [&str; 4] = [
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
];

/// What a listed operation asks of its caller.
#[derive(Clone, Debug)]
pub(super) enum Needs {
    Nothing,
    Scopes(ScopePolicy),
}

/// The listed operations; what is not listed and not open is denied.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    tools: BTreeMap<Box<str>, Needs>,
    methods: BTreeMap<Box<str>, Needs>,
}

/// A refusal, and the operation if the configuration knows it.
pub(super) type Refused = (Rejection, Option<Box<str>>);

impl Table {
    pub(super) fn list_tool(&mut self, tool: &str, needs: Needs) {
        self.tools.insert(tool.into(), needs);
    }

    pub(super) fn list_method(&mut self, method: &str, needs: Needs) {
        self.methods.insert(method.into(), needs);
    }

    /// Decides about an operation.
    pub(super) fn judge(&self, operation: &Operation, is_request: bool, caller: &Caller) -> Result<(), Refused> {
        let method = operation.method();
        if method == super::CALL_TOOL {
            let tool = operation.name().and_then(|name| self.tools.get_key_value(name));
            let Some((tool, needs)) = tool else {
                return Err((ForbiddenFault::UnlistedTool.into(), None));
            };
            return needs.judge(caller).map_err(|why| (why, Some(format!("{method} {tool}").into())));
        }
        match self.methods.get(method) {
            Some(needs) => needs.judge(caller).map_err(|why| (why, Some(method.into()))),
            None if is_open(method, is_request) => Ok(()),
            None => Err((ForbiddenFault::UnlistedMethod.into(), None)),
        }
    }

    /// Tells whether a call of this tool would pass.
    pub(super) fn shows(&self, caller: &Caller, tool: &str) -> bool {
        self.tools.get(tool).is_some_and(|needs| needs.judge(caller).is_ok())
    }
}

impl Needs {
    fn judge(&self, caller: &Caller) -> Result<(), Rejection> {
        match (self, caller) {
            (Self::Scopes(policy), Caller::Verified(token)) => policy.judge(token.principal()),
            // Who was let in by a permit, which the bearer layer has recorded, cannot be asked for a scope.
            (Self::Nothing, _) | (Self::Scopes(_), Caller::Anonymous(_) | Caller::Foreign(_)) => Ok(()),
        }
    }
}

fn is_open(method: &str, is_request: bool) -> bool {
    match is_request {
        true => OPEN_REQUESTS.contains(&method),
        false => OPEN_NOTIFICATIONS.contains(&method),
    }
}
