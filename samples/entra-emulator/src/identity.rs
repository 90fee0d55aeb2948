//! The managed identities of the host, as they were assigned to it.

/// The client id of the user-assigned identity.
pub const USER_ASSIGNED_CLIENT_ID: &str = "7e307b14-2a27-4f66-ada8-0d5a3c6e1b04";
/// The object id of the user-assigned identity: the subject of a federated credential.
pub const USER_ASSIGNED_OBJECT_ID: &str = "7e307b14-2a27-4f66-ada8-0d5a3c6e1b0b";
/// The resource id of the user-assigned identity.
pub const USER_ASSIGNED_RESOURCE_ID: &str = "/subscriptions/9d3f6a52-4c5b-4b6e-8f1d-2f0a7c9be105/resourceGroups/contoso/providers/Microsoft.ManagedIdentity/userAssignedIdentities/message-center";
/// The client id of the system-assigned identity.
pub const SYSTEM_ASSIGNED_CLIENT_ID: &str = "e1b8c2d4-6f30-4a8e-9b57-41c0d2a7f306";
/// The object id of the system-assigned identity.
pub const SYSTEM_ASSIGNED_OBJECT_ID: &str = "e1b8c2d4-6f30-4a8e-9b57-41c0d2a7f30d";

/// Whether an identity is the host's own or was made apart from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SystemAssigned,
    UserAssigned,
}

/// One identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) kind: Kind,
    pub(crate) client_id: &'static str,
    pub(crate) object_id: &'static str,
    resource_id: &'static str,
}

impl Identity {
    const SYSTEM: Self = Self {
        kind: Kind::SystemAssigned,
        client_id: SYSTEM_ASSIGNED_CLIENT_ID,
        object_id: SYSTEM_ASSIGNED_OBJECT_ID,
        resource_id: "",
    };
    const USER: Self = Self {
        kind: Kind::UserAssigned,
        client_id: USER_ASSIGNED_CLIENT_ID,
        object_id: USER_ASSIGNED_OBJECT_ID,
        resource_id: USER_ASSIGNED_RESOURCE_ID,
    };
}

/// How a request chooses among the user-assigned identities.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Choice<'a> {
    Client(&'a str),
    Object(&'a str),
    Resource(&'a str),
}

/// The identities that are assigned to the host.
#[derive(Clone, Debug)]
pub(crate) struct Identities(Vec<Identity>);

impl Default for Identities {
    fn default() -> Self {
        Self(vec![Identity::SYSTEM, Identity::USER])
    }
}

impl Identities {
    pub(crate) fn remove(&mut self, kind: Kind) {
        self.0.retain(|identity| identity.kind != kind);
    }

    pub(crate) fn system_assigned(&self) -> Option<Identity> {
        self.of_kind(Kind::SystemAssigned)
    }

    pub(crate) fn user_assigned(&self) -> Option<Identity> {
        self.of_kind(Kind::UserAssigned)
    }

    /// Finds the identity that a request names; the system-assigned one can be named too.
    pub(crate) fn find(&self, choice: Choice<'_>) -> Option<Identity> {
        let is = |known: &str, named: &str| !known.is_empty() && known.eq_ignore_ascii_case(named);
        self.0.iter().copied().find(|identity| match choice {
            Choice::Client(id) => is(identity.client_id, id),
            Choice::Object(id) => is(identity.object_id, id),
            Choice::Resource(id) => is(identity.resource_id, id),
        })
    }

    fn of_kind(&self, kind: Kind) -> Option<Identity> {
        self.0.iter().copied().find(|identity| identity.kind == kind)
    }
}

/// Tells whether this object id is that of a user-assigned identity: Entra knows them wherever they are assigned.
pub(crate) fn is_user_assigned(object_id: &str) -> bool {
    object_id == USER_ASSIGNED_OBJECT_ID
}
