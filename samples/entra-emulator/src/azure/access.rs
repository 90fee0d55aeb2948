//! Role assignments: to whom, which role, at which scope.

use super::{Action, AzureRole, Caller, DEVELOPMENT_SUBSCRIPTION_ID, SUBSCRIPTION_ID};
use crate::{
    identity::USER_ASSIGNED_CLIENT_ID,
    user::{USERS, User},
};

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Assignment {
    /// A user's object id, or an app's or identity's client or object id.
    principal: String,
    role: AzureRole,
    scope: String,
}

/// All assignments.
#[derive(Clone, Debug)]
pub(crate) struct Access(Vec<Assignment>);

impl Default for Access {
    /// Everybody who reads the message center has every role in production, bob only some of them in one group; alice and
    /// the user-assigned identity have the second subscription too. Nobody else has any.
    fn default() -> Self {
        let mut access = Self(Vec::new());
        let subscription = |id: &str| format!("/subscriptions/{id}");
        for user in USERS.iter().filter(|user| user.reader && user.name != "bob") {
            access.assign_all(user.name, &subscription(SUBSCRIPTION_ID));
        }
        for principal in ["alice", USER_ASSIGNED_CLIENT_ID] {
            access.assign_all(principal, &subscription(DEVELOPMENT_SUBSCRIPTION_ID));
        }
        access.assign_all(USER_ASSIGNED_CLIENT_ID, &subscription(SUBSCRIPTION_ID));
        let group = format!("{}/resourceGroups/contoso-data", subscription(SUBSCRIPTION_ID));
        for role in [AzureRole::Reader, AzureRole::StorageBlobDataReader, AzureRole::AppConfigurationDataReader] {
            access.assign("bob", role, &group);
        }
        access
    }
}

impl Access {
    /// Assigns a role to a user, by name, UPN or object id, or to an app or identity by one of its ids.
    pub(crate) fn assign(&mut self, principal: &str, role: AzureRole, scope: &str) {
        let assignment = Assignment { principal: resolve(principal), role, scope: normal(scope) };
        if !self.0.contains(&assignment) {
            self.0.push(assignment);
        }
    }

    fn assign_all(&mut self, principal: &str, scope: &str) {
        AzureRole::ALL.iter().for_each(|role| self.assign(principal, *role, scope));
    }

    /// Takes a role away wherever it was assigned, or with no role all of them.
    pub(crate) fn remove(&mut self, principal: &str, role: Option<AzureRole>) {
        let principal = resolve(principal);
        self.0.retain(|it| it.principal != principal || role.is_some_and(|role| role != it.role));
    }

    pub(super) fn permits(&self, caller: &Caller, action: Action, scope: &str) -> bool {
        let scope = normal(scope);
        self.of(caller, action).any(|it| is_within(&scope, &it.scope))
    }

    pub(super) fn permits_below(&self, caller: &Caller, action: Action, scope: &str) -> bool {
        let scope = normal(scope);
        self.of(caller, action).any(|it| is_within(&scope, &it.scope) || is_within(&it.scope, &scope))
    }

    fn of(&self, caller: &Caller, action: Action) -> impl Iterator<Item = &Assignment> {
        self.0.iter().filter(move |it| caller.is(&it.principal) && it.role.allows(action))
    }
}

fn resolve(principal: &str) -> String {
    User::find(principal).map_or_else(|| principal.to_ascii_lowercase(), |user| user.oid.to_owned())
}

/// Scopes are compared without their case, and without a slash at the end.
fn normal(scope: &str) -> String {
    scope.trim_end_matches('/').to_ascii_lowercase()
}

/// Tells whether a scope is this one or below it.
fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
