//! The control plane from Rust: faults, keys, time, lifetimes and the key vault.

use crate::{
    azure::AzureRole,
    developer_tools::{DeveloperTool, ToolBehaviour},
    fault::Fault,
    gateway::NetworkFault,
    lifetime::Lifetime,
    place::Place,
    shared::Shared,
    user::User,
    vault::{Content, VaultCertificate, VaultSecret},
};

/// Switches of a running emulator.
#[derive(Clone)]
pub struct Control(pub(crate) Shared);

impl Control {
    /// Makes a new signing key live and withdraws the oldest.
    pub fn rotate_keys(&self) {
        self.0.state.keys.rotate();
    }

    /// Gives the ledgers another authority, as after a recovery; connections that are open stay so.
    pub fn renew_ledger_authority(&self) {
        self.0.state.ledger_authority.renew();
    }

    /// Switches trouble on for one user, by name, or with an empty name for everybody.
    pub fn set_fault(&self, place: Place, user: &str, fault: Fault) {
        self.0.state.faults.set(place, user, Some(fault));
    }

    /// Switches it off again.
    pub fn clear_fault(&self, place: Place, user: &str) {
        self.0.state.faults.set(place, user, None);
    }

    /// Switches trouble of the network on for one host, or with an empty name for all.
    pub fn set_network_fault(&self, host: &str, fault: NetworkFault) {
        self.0.state.network.set(host, Some(fault));
    }

    /// Switches it off again.
    pub fn clear_network_fault(&self, host: &str) {
        self.0.state.network.set(host, None);
    }

    /// Assigns a role at Azure from now on, as [`Config::with_azure_role`](crate::Config::with_azure_role) does.
    pub fn assign_azure_role(&self, principal: &str, role: AzureRole, scope: &str) {
        self.0.state.azure.change(|access| access.assign(principal, role, scope));
    }

    /// Takes a role at Azure away, wherever it was assigned.
    pub fn remove_azure_role(&self, principal: &str, role: AzureRole) {
        self.0.state.azure.change(|access| access.remove(principal, Some(role)));
    }

    /// Changes what a developer's tool does from now on.
    pub fn set_developer_tool(&self, tool: DeveloperTool, behaviour: ToolBehaviour) {
        self.0.state.tools.set(tool, behaviour);
    }

    /// Waits until so many requests are held back by [`Fault::Hang`], wherever.
    pub async fn until_held(&self, count: usize) {
        self.0.state.faults.until_held(count).await;
    }

    /// Sets how long the tokens live that a place issues to one user, or with an empty name to everybody.
    pub fn set_lifetime(&self, place: Place, user: &str, lifetime: Lifetime) {
        self.0.state.lifetimes.set(place, user, Some(lifetime));
    }

    /// Lets them live as long as without a setting again.
    pub fn clear_lifetime(&self, place: Place, user: &str) {
        self.0.state.lifetimes.set(place, user, None);
    }

    /// Puts a secret into the key vault, or a new version of it, which becomes the current one; returns its id.
    pub fn put_secret(&self, name: &str, secret: impl Into<VaultSecret>) -> String {
        self.put(name, Content::Secret(secret.into()))
    }

    /// Does the same with a certificate, which brings a secret and a key of its name.
    pub fn put_certificate(&self, name: &str, certificate: VaultCertificate) -> String {
        self.put(name, Content::Certificate(certificate))
    }

    /// Disables a version of a secret or certificate; false when there is none.
    #[must_use]
    pub fn disable_version(&self, name: &str, version: &str) -> bool {
        self.0.state.vault.disable(name, version)
    }

    /// Registers one more certificate (PEM) that may sign client assertions of the API app.
    pub fn add_certificate(&self, pem: &str) {
        self.0.state.add_certificate(pem);
    }

    fn put(&self, name: &str, content: Content) -> String {
        self.0.state.vault.put(name, content, self.0.state.clock.now())
    }

    /// Moves the tenant's clock, by seconds.
    pub fn advance_clock(&self, seconds: i64) {
        self.0.state.clock.advance(seconds);
    }

    /// Revokes a user's sessions: what was obtained until now is refused, a later sign-in is good.
    pub fn revoke_user(&self, name: &str) {
        if let Some(user) = User::find(name) {
            self.0.state.revoke(user);
        }
    }

    /// Sets all counters to zero.
    pub fn reset_counters(&self) {
        self.0.state.counting.reset();
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Control(..)")
    }
}
