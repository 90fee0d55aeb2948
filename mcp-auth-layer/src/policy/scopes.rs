//! Which scopes open a door.

use std::collections::BTreeSet;

use crate::{
    config::ConfigError,
    principal::Principal,
    reject::{ForbiddenFault, Rejection},
    scope::ScopeSet,
};

/// Scopes that a user needs, and app roles by which an application without a user may pass.
///
/// # Defaults
/// Applications may not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopePolicy {
    /// Any of these is enough; never empty, and none of them is.
    enough: Vec<ScopeSet>,
    app_roles: BTreeSet<Box<str>>,
}

impl ScopePolicy {
    /// Requires all of these scopes, by their names as they stand in `scp`.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty list or a malformed name.
    pub fn all<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        Ok(Self { enough: vec![ScopeSet::required(names)?], app_roles: BTreeSet::new() })
    }

    /// Requires one of these scopes; the first is the one to ask for.
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty list or a malformed name.
    pub fn any<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let enough: Vec<_> = names.into_iter().map(|name| ScopeSet::required([name])).collect::<Result<_, _>>()?;
        if enough.is_empty() {
            return Err(ConfigError::Scope { given: String::new() });
        }
        Ok(Self { enough, app_roles: BTreeSet::new() })
    }

    /// Lets pass what either policy lets pass.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.enough.extend(other.enough);
        self.app_roles.extend(other.app_roles);
        self
    }

    /// Requires these scopes in any case, in addition.
    pub(crate) fn and_all(mut self, more: &ScopeSet) -> Self {
        self.enough.iter_mut().for_each(|set| set.extend(more));
        self
    }

    /// Lets an application without a user pass that has this app role.
    ///
    /// An application of a plain OpenID Connect issuer, which has no app roles, passes by a scope of this name.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for a blank name.
    pub fn or_app_role(mut self, role: &str) -> Result<Self, ConfigError> {
        if role.trim().is_empty() {
            return Err(ConfigError::Empty { what: "an app role" });
        }
        self.app_roles.insert(role.into());
        Ok(self)
    }

    /// Decides about a caller.
    ///
    /// # Errors
    /// [`Rejection::Scope`], which names all scopes to ask for at once: of the sets that are enough, the one that lacks least,
    /// the first of several. [`Rejection::Forbidden`] for an application without a role that the policy names.
    pub fn judge(&self, who: &Principal) -> Result<(), Rejection> {
        let held = match who {
            Principal::User { scopes, .. } | Principal::Subject { scopes, .. } => scopes,
            Principal::App { roles, .. } => return self.judge_app(|role| roles.iter().any(|held| held == role)),
            Principal::Client { scopes, .. } => return self.judge_app(|role| scopes.contains(role)),
        };
        match self.enough.iter().any(|set| held.contains_all(set)) {
            true => Ok(()),
            false => Err(Rejection::Scope { required: self.nearest(held).clone() }),
        }
    }

    /// Returns the scopes that a caller without any should ask for.
    pub(crate) fn to_ask_for(&self) -> &ScopeSet {
        &self.enough[0]
    }

    fn nearest(&self, held: &ScopeSet) -> &ScopeSet {
        self.enough.iter().min_by_key(|set| held.lacking(set)).unwrap_or_else(|| self.to_ask_for())
    }

    fn judge_app(&self, has: impl Fn(&str) -> bool) -> Result<(), Rejection> {
        if self.app_roles.iter().any(|role| has(role)) {
            return Ok(());
        }
        // Where applications are let in at all, a user's token is not the only thing that helps.
        Err(if self.app_roles.is_empty() { ForbiddenFault::AppOnly } else { ForbiddenFault::Role }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{principal::UserId, tenant::TenantId, testtenant::TENANT};

    fn tenant() -> TenantId {
        TenantId::parse(TENANT).unwrap()
    }

    fn user(scopes: &str) -> Principal {
        Principal::User { user: UserId::new(tenant(), "o"), scopes: ScopeSet::from_claim(scopes) }
    }

    fn judged(policy: &ScopePolicy, who: &Principal) -> String {
        match policy.judge(who) {
            Ok(()) => "passes".to_owned(),
            Err(Rejection::Scope { required }) => required.to_string(),
            Err(other) => other.reason().to_owned(),
        }
    }

    #[test]
    fn whole_scopes_decide_and_the_refusal_names_the_nearest_way_in() {
        let all = ScopePolicy::all(["b", "a"]).unwrap();
        let any = ScopePolicy::any(["write", "read"]).unwrap();
        let either = all.clone().or(ScopePolicy::all(["c"]).unwrap());
        let more = any.clone().and_all(&ScopeSet::from_claim("base"));
        for (name, policy, scopes, expected) in [
            ("all, all there", &all, "a b x", "passes"),
            ("all, one lacks", &all, "a", "a b"),
            ("all, a longer name", &all, "a bb", "a b"),
            ("all, another case", &all, "A b", "a b"),
            ("any, the second", &any, "read", "passes"),
            ("any, none", &any, "x", "write"),
            ("any, none at all", &any, "", "write"),
            ("either, the one", &either, "c", "passes"),
            ("either, the nearest of two", &either, "x", "c"),
            ("either, equally near, the first", &either, "a", "a b"),
            ("with more, without it", &more, "read", "base read"),
            ("with more", &more, "base write", "passes"),
        ] {
            assert_eq!(judged(policy, &user(scopes)), expected, "{name}");
        }
    }

    #[test]
    fn an_application_passes_only_by_a_role_that_is_named() {
        let app = |roles: &[&str]| Principal::App {
            tenant: tenant(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        let client = |scopes: &str| Principal::Client {
            issuer: "i".into(),
            subject: "s".into(),
            scopes: ScopeSet::from_claim(scopes),
        };
        let closed = ScopePolicy::all(["a"]).unwrap();
        let open = closed.clone().or_app_role("Job.All").unwrap();
        for (name, policy, who, expected) in [
            ("closed to any role", &closed, app(&["a", "Job.All"]), "app_only"),
            ("its role", &open, app(&["x", "Job.All"]), "passes"),
            ("another role", &open, app(&["job.all"]), "role"),
            ("a scope's name as a role", &open, app(&["a"]), "role"),
            ("no role", &open, app(&[]), "role"),
            ("a plain client, closed", &closed, client("a"), "app_only"),
            ("a plain client by a scope of that name", &open, client("Job.All"), "passes"),
            ("a plain client with a user's scope", &open, client("a"), "role"),
        ] {
            assert_eq!(judged(policy, &who), expected, "{name}");
        }
        assert_eq!(judged(&open, &user("Job.All")), "a", "a user's scope is not an app role");
        assert!(closed.or_app_role(" ").is_err());
    }

    #[test]
    fn a_policy_without_a_scope_cannot_be_made() {
        assert!(ScopePolicy::all([]).is_err());
        assert!(ScopePolicy::any([]).is_err());
        assert!(ScopePolicy::any(["a", ""]).is_err());
    }
}
