//! Who may: scopes, clients, roles, groups and the kind of sign-in, judged together.

use std::{collections::BTreeSet, time::Duration};

use super::{ScopePolicy, sign_in::SignIn};
use crate::{
    claims::Claims,
    clock::UnixTime,
    config::ConfigError,
    principal::Principal,
    reject::{ForbiddenFault, Rejection},
    scope::ScopeSet,
};

/// What a verified caller must bring; see the [module docs](super).
///
/// # Defaults
/// Any user passes, no application does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    scopes: Option<ScopePolicy>,
    clients: Option<Names>,
    roles: Option<Names>,
    groups: Option<Names>,
    sign_in: SignIn,
}

impl AccessPolicy {
    /// Asks for scopes.
    #[must_use]
    pub fn new(scopes: ScopePolicy) -> Self {
        Self { scopes: Some(scopes), ..Self::default() }
    }

    /// Lets only these clients in (`azp` or `appid`, in any case).
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list or a blank in it.
    pub fn allow_clients<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        self.clients = Some(Names::ids("the list of allowed clients", ids)?);
        Ok(self)
    }

    /// Lets only callers with one of these app roles in (`roles`), users as well as applications.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list or a blank in it.
    pub fn require_any_role<'a>(mut self, roles: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        self.roles = Some(Names::exact("the list of required roles", roles)?);
        Ok(self)
    }

    /// Lets only members of one of these groups in (`groups`, object ids).
    ///
    /// Entra leaves the claim out when a user is in more than 200 groups. Such a user is refused, with a reason that says so:
    /// let the registration emit only the groups that are assigned to the application, or use app roles.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for an empty list or a blank in it.
    pub fn require_any_group<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        self.groups = Some(Names::ids("the list of required groups", ids)?);
        Ok(self)
    }

    /// Asks for an authentication context of Conditional Access (`acrs`, `c1` to `c99`).
    ///
    /// A caller without it gets a claims challenge, and Entra then asks the user for what the context demands.
    ///
    /// # Errors
    /// [`ConfigError::AuthenticationContext`] for a name of another form.
    pub fn require_authentication_context(mut self, id: &str) -> Result<Self, ConfigError> {
        self.sign_in.add_context(id)?;
        Ok(self)
    }

    /// Asks a plain OpenID Connect issuer's users for one of these classes of authentication (`acr`, RFC 9470).
    ///
    /// # Errors
    /// [`ConfigError::Scope`] for an empty list or a name that cannot stand in `acr_values`.
    pub fn require_any_acr<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        self.sign_in.set_acr(ScopeSet::required(values)?);
        Ok(self)
    }

    /// Asks for a sign-in that is not older than this (`auth_time`, RFC 9470).
    ///
    /// Entra writes `auth_time` only when the registration asks for that optional claim; without it everybody is refused.
    #[must_use]
    pub fn require_sign_in_within(mut self, age: Duration) -> Self {
        self.sign_in.set_max_age(age);
        self
    }

    /// Requires these scopes of users in addition.
    pub(crate) fn and_scopes(mut self, more: &ScopeSet) -> Self {
        self.scopes = match self.scopes.take() {
            Some(scopes) => Some(scopes.and_all(more)),
            None => ScopePolicy::all(more.iter()).ok(),
        };
        self
    }

    /// Returns the scopes that a caller without any should ask for.
    pub(crate) fn to_ask_for(&self) -> ScopeSet {
        self.scopes.as_ref().map(|scopes| scopes.to_ask_for().clone()).unwrap_or_default()
    }

    /// Decides about a verified caller.
    ///
    /// # Errors
    /// The [`Rejection`] of the first rule that is not met, in the order of the [module docs](super).
    pub fn judge(&self, claims: &Claims, who: &Principal, now: UnixTime) -> Result<(), Rejection> {
        self.judge_at(claims, who, || now)
    }

    /// The same, and asks for the time only where it has a part in the decision: to read a clock costs as much as all the rest.
    pub(crate) fn judge_at(
        &self,
        claims: &Claims,
        who: &Principal,
        now: impl FnOnce() -> UnixTime,
    ) -> Result<(), Rejection> {
        if self.scopes.is_none() {
            user_only(who)?;
        }
        if !allows(self.clients.as_ref(), claims.client_id()) {
            return Err(ForbiddenFault::Client.into());
        }
        if let Some(scopes) = &self.scopes {
            scopes.judge(who)?;
        }
        if !allows(self.roles.as_ref(), claims.roles()) {
            return Err(ForbiddenFault::Role.into());
        }
        if !allows(self.groups.as_ref(), claims.groups()) {
            let overage = claims.get("groups").is_none() && names_groups_elsewhere(claims);
            return Err(if overage { ForbiddenFault::GroupsLeftOut } else { ForbiddenFault::Group }.into());
        }
        self.sign_in.judge(claims, now)
    }
}

impl From<ScopePolicy> for AccessPolicy {
    fn from(scopes: ScopePolicy) -> Self {
        Self::new(scopes)
    }
}

/// A list that is not empty, compared whole.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Names {
    Exact(BTreeSet<Box<str>>),
    /// In lower case: GUIDs, which Microsoft's own tools spell in both cases.
    Ids(BTreeSet<Box<str>>),
}

impl Names {
    fn exact<'a>(what: &'static str, names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        not_empty(what, names.into_iter().map(Box::from)).map(Self::Exact)
    }

    fn ids<'a>(what: &'static str, ids: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        not_empty(what, ids.into_iter().map(|id| id.to_ascii_lowercase().into())).map(Self::Ids)
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Exact(names) => names.contains(name),
            Self::Ids(ids) => ids.contains(&*name.to_ascii_lowercase()),
        }
    }
}

fn not_empty(what: &'static str, names: impl Iterator<Item = Box<str>>) -> Result<BTreeSet<Box<str>>, ConfigError> {
    let names: BTreeSet<_> = names.collect();
    match names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
        true => Err(ConfigError::Empty { what }),
        false => Ok(names),
    }
}

fn allows<'a>(list: Option<&Names>, held: impl IntoIterator<Item = &'a str>) -> bool {
    list.is_none_or(|names| held.into_iter().any(|name| names.has(name)))
}

fn user_only(who: &Principal) -> Result<(), Rejection> {
    match who {
        Principal::User { .. } | Principal::Subject { .. } => Ok(()),
        Principal::App { .. } | Principal::Client { .. } => Err(ForbiddenFault::AppOnly.into()),
    }
}

/// Tells whether Entra left the groups out and said where to ask for them (`_claim_names`, or `hasgroups`).
fn names_groups_elsewhere(claims: &Claims) -> bool {
    claims.get("_claim_names").is_some_and(|names| names.get("groups").is_some()) || claims.get("hasgroups").is_some()
}

#[cfg(test)]
mod tests;
