//! The way of a step-up to clients that do not understand claims challenges.

use crate::claims::Claims;

/// Turns a claims challenge into a scope, for the clients that can be told of it in no other way.
///
/// MCP clients ignore `claims` on a 401, and answer 403 `insufficient_scope` by a new sign-in with that scope. An
/// authorization server in front of Entra can hand out a scope that stands for the claims, and give them to Entra when it
/// comes back.
pub trait StepUpRoute: Send + Sync + 'static {
    /// Returns the scope to ask for, spelled as a client must; none for callers whose clients are told of the claims.
    ///
    /// `claims_request` is the JSON of Entra's challenge.
    fn scope(&self, caller: &Claims, claims_request: &str) -> Option<String>;
}
