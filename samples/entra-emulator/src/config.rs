//! What a tenant is started with.

use std::fmt;

use crate::{
    address::Ports,
    azure::{Access, AzureRole},
    gateway::Credentials,
    identity::{Identities, Kind, USER_ASSIGNED_CLIENT_ID},
    service::Service,
    tenant::{API_CLIENT_ID, App, FederatedCredential, FederatedIssuer, Redirect, TrustedSubject},
    vault::{Content, Vault, VaultCertificate, VaultSecret},
};

/// How the emulator starts.
///
/// # Defaults
/// http, https and the network's proxy on free loopback ports, the proxy open to all; the API app issues v2 tokens, asks for
/// no optional claims, and may act for users at Graph, Resource Manager, Storage, Key Vault and App Configuration. The host
/// has a system-assigned identity and one that is user-assigned; the latter and the API app may read the key vault, which is
/// empty. No app has an app role, and no workload is trusted. At Azure alice, most other users and the user-assigned
/// identity have every role, bob reads in one resource group, norole and everybody else have none.
#[derive(Clone)]
pub struct Config {
    pub(crate) api: App,
    pub(crate) client: App,
    pub(crate) identities: Identities,
    pub(crate) graph_roles: Vec<(String, String)>,
    pub(crate) api_roles: Vec<(String, String)>,
    vault_readers: Vec<String>,
    vault: Vec<(String, Content)>,
    pub(crate) ports: Ports,
    pub(crate) azure_access: Access,
    pub(crate) azure_endpoints: Vec<(String, String)>,
    pub(crate) proxy_credentials: Option<Credentials>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api: App::api(),
            client: App::client(),
            identities: Identities::default(),
            graph_roles: Vec::new(),
            api_roles: Vec::new(),
            vault_readers: vec![API_CLIENT_ID.to_owned(), USER_ASSIGNED_CLIENT_ID.to_owned()],
            vault: Vec::new(),
            ports: Ports::default(),
            azure_access: Access::default(),
            azure_endpoints: Vec::new(),
            proxy_credentials: None,
        }
    }
}

impl Config {
    /// Issues v1 tokens, as a registration does whose `requestedAccessTokenVersion` was never set.
    #[must_use]
    pub const fn with_default_token_version(mut self) -> Self {
        self.api.token_version = None;
        self
    }

    /// Registers one more redirect URI at the API app.
    #[must_use]
    pub fn with_api_redirect(mut self, redirect: Redirect) -> Self {
        self.api.redirects.push(redirect);
        self
    }

    /// Registers one more redirect URI at the client app.
    #[must_use]
    pub fn with_client_redirect(mut self, redirect: Redirect) -> Self {
        self.client.redirects.push(redirect);
        self
    }

    /// Registers a certificate (PEM) that may sign client assertions of the API app.
    #[must_use]
    pub fn with_certificate(mut self, pem: &str) -> Self {
        self.api.certificates.push(pem.to_owned());
        self
    }

    /// Lets every certificate sign for the API app that this authority (PEM) has issued to this subject, such as `CN=app`.
    ///
    /// Such a certificate must come along (`x5c`): the tenant has never seen it.
    #[must_use]
    pub fn with_trusted_subject(mut self, subject: &str, authority: &str) -> Self {
        self.api.subjects.push(TrustedSubject { name: subject.to_owned(), authority: authority.to_owned() });
        self
    }

    /// Trusts a workload's own tokens (this issuer and subject) in place of the API app's secret.
    ///
    /// The emulator checks them with the tenant's keys: order one with [`TokenSpec`](crate::TokenSpec), with `iss`, `sub`
    /// and `aud` set.
    #[must_use]
    pub fn with_federated_credential(self, issuer: &str, subject: &str) -> Self {
        self.with_federated(FederatedIssuer::Named(issuer.to_owned()), subject)
    }

    /// Trusts a managed identity, by its object id, in place of the API app's secret.
    ///
    /// The record has the tenant's v2 issuer. For a system-assigned identity it can be registered too, and never helps.
    #[must_use]
    pub fn with_federated_managed_identity(self, object_id: &str) -> Self {
        self.with_federated(FederatedIssuer::Tenant, object_id)
    }

    /// Trusts a service account of the cluster, such as `system:serviceaccount:prod:message-center`.
    #[must_use]
    pub fn with_federated_workload(self, subject: &str) -> Self {
        self.with_federated(FederatedIssuer::Cluster, subject)
    }

    fn with_federated(mut self, issuer: FederatedIssuer, subject: &str) -> Self {
        self.api.federated.push(FederatedCredential { issuer, subject: subject.to_owned() });
        self
    }

    /// Takes a service, such as `https://storage.azure.com`, out of what the API app's registration lists.
    ///
    /// It lists what Azure tools need: Resource Manager, Storage, Key Vault and App Configuration, all consented to. For an
    /// unknown service this does nothing.
    #[must_use]
    pub fn without_permission(mut self, resource: &str) -> Self {
        if let Some(service) = Service::find(resource) {
            self.api.permissions.remove(service);
        }
        self
    }

    /// Leaves a service listed there, and takes the administrator's consent back.
    #[must_use]
    pub fn without_consent(mut self, resource: &str) -> Self {
        if let Some(service) = Service::find(resource) {
            self.api.permissions.withdraw(service);
        }
        self
    }

    /// Takes the system-assigned identity from the host.
    #[must_use]
    pub fn without_system_assigned_identity(mut self) -> Self {
        self.identities.remove(Kind::SystemAssigned);
        self
    }

    /// Takes the user-assigned identity from the host.
    #[must_use]
    pub fn without_user_assigned_identity(mut self) -> Self {
        self.identities.remove(Kind::UserAssigned);
        self
    }

    /// Assigns an app role at Graph, such as `ServiceMessage.Read.All`, to an app or identity by its client id.
    #[must_use]
    pub fn with_graph_role(mut self, client_id: &str, role: &str) -> Self {
        self.graph_roles.push((client_id.to_owned(), role.to_owned()));
        self
    }

    /// Assigns the API app's role, `Mcp.Tools.ReadWrite.All`, to another app by its client id.
    #[must_use]
    pub fn with_app_role(mut self, client_id: &str, role: &str) -> Self {
        self.api_roles.push((client_id.to_owned(), role.to_owned()));
        self
    }

    /// Lets one more app or identity, by its client id, read the key vault and sign with its keys.
    #[must_use]
    pub fn with_vault_reader(mut self, client_id: &str) -> Self {
        self.vault_readers.push(client_id.to_owned());
        self
    }

    /// Puts a secret into the key vault.
    #[must_use]
    pub fn with_vault_secret(mut self, name: &str, secret: impl Into<VaultSecret>) -> Self {
        self.vault.push((name.to_owned(), Content::Secret(secret.into())));
        self
    }

    /// Puts a certificate into the key vault, and with it a secret and a key of its name.
    #[must_use]
    pub fn with_vault_certificate(mut self, name: &str, certificate: VaultCertificate) -> Self {
        self.vault.push((name.to_owned(), Content::Certificate(certificate)));
        self
    }

    /// Assigns a role at Azure, at a resource's id or above, to a user or to an app or identity.
    ///
    /// A user is named by name, UPN or object id, an app by its client id.
    #[must_use]
    pub fn with_azure_role(mut self, principal: &str, role: AzureRole, scope: &str) -> Self {
        self.azure_access.assign(principal, role, scope);
        self
    }

    /// Takes all roles at Azure from a user, app or identity.
    #[must_use]
    pub fn without_azure_roles(mut self, principal: &str) -> Self {
        self.azure_access.remove(principal, None);
        self
    }

    /// Makes Resource Manager name another data-plane endpoint for a resource, wherever that leads.
    #[must_use]
    pub fn with_azure_endpoint(mut self, name: &str, endpoint: &str) -> Self {
        self.azure_endpoints.push((name.to_owned(), endpoint.to_owned()));
        self
    }

    /// Adds a secret to the API app that is expired.
    #[must_use]
    pub fn with_expired_secret(mut self, secret: &str) -> Self {
        self.api.secrets.push((secret.to_owned(), Some(0)));
        self
    }

    /// Makes the API ask for optional access-token claims, `idtyp` and `xms_cc`.
    #[must_use]
    pub fn with_optional_claims(mut self) -> Self {
        self.api.optional_claims = vec!["idtyp".to_owned(), "xms_cc".to_owned()];
        self
    }

    /// Listens on these loopback ports; 0 is any free one.
    #[must_use]
    pub const fn with_ports(mut self, http: u16, https: u16) -> Self {
        self.ports.http = http;
        self.ports.https = https;
        self
    }

    /// Lets the network's proxy listen on this loopback port; 0 is any free one.
    #[must_use]
    pub const fn with_gateway_port(mut self, port: u16) -> Self {
        self.ports.gateway = port;
        self
    }

    /// Makes the network's proxy ask for a name and a password.
    #[must_use]
    pub fn with_proxy_credentials(mut self, user: &str, password: &str) -> Self {
        self.proxy_credentials = Some(Credentials::new(user, password));
        self
    }

    /// Fills a vault with what was put into it, in that order.
    pub(crate) fn vault(&self, now: i64) -> Vault {
        let vault = Vault::new(self.vault_readers.clone());
        for (name, content) in &self.vault {
            vault.put(name, content.clone(), now);
        }
        vault
    }

    pub(crate) fn apps(&self) -> Vec<App> {
        vec![self.api.clone(), self.client.clone(), App::web_client(), App::azure_cli()]
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vault: Vec<_> = self.vault.iter().map(|(name, _)| name).collect();
        f.debug_struct("Config")
            .field("api", &self.api)
            .field("client", &self.client)
            .field("identities", &self.identities)
            .field("graph_roles", &self.graph_roles)
            .field("vault", &vault)
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}
