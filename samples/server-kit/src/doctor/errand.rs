//! What a server's tools do, and what that takes.

use std::{fmt, sync::Arc};

use mcp_obo::{BoxFuture, Target, TokenSource, outgoing::ActingAs};

use crate::failure::Failure;

/// A tool, the API behind it, and the least that the acting identity needs there.
#[derive(Clone)]
pub struct Errand {
    /// The tool's name.
    pub tool: String,
    /// What a user does by it, such as `read the Message Center`.
    pub what: String,
    /// The API.
    pub target: Target,
    /// As whom it is called.
    pub acting_as: ActingAs,
    /// The permission of the API that the app needs; none where roles decide alone.
    pub permission: Option<Permission>,
    /// The least role that the acting identity needs; none where permissions decide alone.
    pub role: Option<Role>,
    /// Where its resources are, as far as their names are not known.
    pub hosts: Option<Hosts>,
    pub(super) probe: Option<Probe>,
}

/// One call that changes nothing, as small as can be; says in words what came of it.
type Probe = Arc<dyn for<'a> Fn(&'a dyn TokenSource) -> BoxFuture<'a, Result<String, Failure>> + Send + Sync>;

/// A permission of an API, by the ids that it has in every tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The API's name, such as `Microsoft Graph`.
    pub api: &'static str,
    /// The API's app id.
    pub api_id: &'static str,
    /// The permission's name, the same for both kinds.
    pub name: &'static str,
    /// The id of the delegated permission; none where there is none.
    pub delegated_id: Option<&'static str>,
    /// The id of the application permission; none where there is none.
    pub application_id: Option<&'static str>,
}

/// The hosts of a service's resources, each of which has a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// The service.
    pub service: &'static str,
    /// What their names end with, without the dot.
    pub suffix: &'static str,
    /// The zone of their private endpoints; none where there are none.
    pub zone: Option<&'static str>,
}

/// A role, and over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its name, such as `Storage Blob Data Reader`.
    pub name: String,
    /// Who keeps its assignments.
    pub kind: RoleKind,
    /// Over what; a resource's id, or `<…>` where only the administrator knows it.
    pub scope: String,
}

/// Who keeps the assignments of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleKind {
    /// Entra itself, or the Microsoft 365 admin center.
    Directory,
    /// Azure RBAC.
    Azure,
    /// Cosmos DB, for its data plane; the role's name is its definition's id.
    Cosmos,
    /// A ledger, in its own list of users.
    Ledger,
}

impl RoleKind {
    /// Returns what such a role is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "Entra directory role",
            Self::Azure => "Azure role",
            Self::Cosmos => "Cosmos DB data-plane role",
            Self::Ledger => "role in the ledger's own list of users",
        }
    }
}

impl Errand {
    /// Names a tool, the API behind it, and as whom that is called.
    #[must_use]
    pub fn new(tool: impl Into<String>, what: impl Into<String>, target: &Target, acting_as: ActingAs) -> Self {
        let (tool, what, target) = (tool.into(), what.into(), target.clone());
        Self { tool, what, target, acting_as, permission: None, role: None, hosts: None, probe: None }
    }

    /// Returns the permission, where there is one of the kind that the acting identity can have.
    pub(super) fn grantable(&self) -> Option<Permission> {
        let permission = self.permission?;
        let id = if self.is_hosted() { permission.application_id } else { permission.delegated_id };
        id.map(|_| permission)
    }

    /// Tells whether the server acts as itself.
    pub(super) fn is_hosted(&self) -> bool {
        self.acting_as == ActingAs::HostingIdentity
    }

    /// Says which permission it takes.
    #[must_use]
    pub const fn with_permission(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Says which role it takes.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = Some(role);
        self
    }

    /// Says where its resources are.
    #[must_use]
    pub const fn with_hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// Says how to find out whether the acting identity may: by one call that changes nothing.
    ///
    /// The text that it returns stands in the report; nothing of anybody's data belongs there.
    #[must_use]
    pub fn with_probe<F>(mut self, probe: F) -> Self
    where
        F: for<'a> Fn(&'a dyn TokenSource) -> BoxFuture<'a, Result<String, Failure>> + Send + Sync + 'static,
    {
        self.probe = Some(Arc::new(probe));
        self
    }
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand")
            .field("tool", &self.tool)
            .field("target", &self.target)
            .field("permission", &self.permission)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
