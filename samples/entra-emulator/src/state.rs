//! Everything that the emulator remembers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    address::Addresses,
    azure::{Azure, communication::Outbox, ledger::Book},
    challenge::Evaluation,
    clock::Clock,
    cluster::Cluster,
    config::Config,
    counters::Counting,
    developer_tools::Tools,
    fault::Faults,
    gateway::Network,
    identity::Identities,
    lifetime::Lifetime,
    pages::Pages,
    per_user::PerUser,
    service::{Principal, Service, ServiceOrder},
    signing::KeyRing,
    spec::TokenSpec,
    tenant::{AZURE_CLI_ID, App, Platform},
    tls::LateAuthority,
    token::{self, Confidential, Order, Subject},
    user::User,
    vault::Vault,
};

/// One tenant.
pub(crate) struct State {
    pub(crate) addresses: Addresses,
    pub(crate) network: Network,
    pub(crate) azure: Azure,
    pub(crate) tools: Tools,
    pub(crate) outbox: Outbox,
    pub(crate) ledger: Book,
    /// What the ledger's host shows instead of a certificate of a public authority.
    pub(crate) ledger_authority: LateAuthority,
    pub(crate) apps: Vec<App>,
    pub(crate) identities: Identities,
    pub(crate) cluster: Cluster,
    pub(crate) vault: Vault,
    keys_vault: Vault,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) lifetimes: PerUser<Lifetime>,
    pub(crate) counting: Counting,
    pub(crate) pages: Pages,
    /// What proves to the App Service form of the identity endpoint that the caller is in the app's own process.
    pub(crate) identity_header: String,
    /// The app roles at Graph that administrators assigned, each with the client that has it.
    graph_roles: Vec<(String, String)>,
    /// The same for the API app.
    api_roles: Vec<(String, String)>,
    /// Certificates that were registered at the API app while it ran, PEM.
    app_certificates: Mutex<Vec<String>>,
    codes: Mutex<HashMap<String, Code>>,
    /// Sessions by refresh token, each with the time of issue.
    refresh_tokens: Mutex<HashMap<String, (Session, i64)>>,
    /// When each user's sessions were revoked, by object id.
    revoked: Mutex<HashMap<&'static str, i64>>,
    /// What the sessions behind access tokens have met, by `uti`.
    met: Mutex<HashMap<String, Evaluation>>,
}

/// An authorization code and what it is bound to.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) session: Session,
    pub(crate) issued: i64,
    pub(crate) redeemed: bool,
}

/// A sign-in session: who signed in, through which client, and which claims challenges were met in it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: &'static User,
    pub(crate) client_id: String,
    pub(crate) platform: Platform,
    pub(crate) scope: String,
    /// Only an authorization request with a challenge's claims adds to this; a refresh never does.
    pub(crate) met: Evaluation,
    /// The client declared `cp1`.
    pub(crate) capable: bool,
    pub(crate) signed_in: i64,
    /// The `nonce` for the ID token.
    pub(crate) nonce: Option<String>,
}

impl State {
    pub(crate) fn new(config: &Config, addresses: Addresses) -> Self {
        let clock = Clock::default();
        Self {
            addresses,
            azure: Azure::new(config),
            tools: Tools::default(),
            outbox: Outbox::default(),
            ledger: Book::default(),
            ledger_authority: LateAuthority::new("CCF Network"),
            network: Network::new(config.proxy_credentials.clone()),
            apps: config.apps(),
            identities: config.identities.clone(),
            cluster: Cluster::new(addresses.cluster_issuer()),
            vault: config.vault(clock.now()),
            keys_vault: Vault::of_keys(clock.now()),
            app_certificates: Mutex::default(),
            graph_roles: config.graph_roles.clone(),
            api_roles: config.api_roles.clone(),
            identity_header: Uuid::new_v4().simple().to_string().to_uppercase(),
            keys: KeyRing::generate(),
            clock,
            faults: Faults::default(),
            lifetimes: PerUser::default(),
            counting: Counting::default(),
            pages: Pages::default(),
            codes: Mutex::default(),
            refresh_tokens: Mutex::default(),
            revoked: Mutex::default(),
            met: Mutex::default(),
        }
    }

    /// What lies in a key vault, by the vault's name.
    pub(crate) fn vault(&self, name: &str) -> &Vault {
        if name == "contoso-keys" { &self.keys_vault } else { &self.vault }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    pub(crate) fn api(&self) -> &App {
        &self.apps[0]
    }

    /// The app roles that a client has at a service: only Graph's are assigned here.
    pub(crate) fn app_roles(&self, service: Service, client: &str) -> Vec<String> {
        if service != Service::Graph {
            return Vec::new();
        }
        roles_of(&self.graph_roles, client)
    }

    /// The app roles that a client has at an app of the tenant: only the API app has any.
    pub(crate) fn roles_at(&self, app: &App, client: &str) -> Vec<String> {
        if app == self.api() { roles_of(&self.api_roles, client) } else { Vec::new() }
    }

    /// Registers one more certificate at the API app.
    pub(crate) fn add_certificate(&self, pem: &str) {
        lock(&self.app_certificates).push(pem.to_owned());
    }

    /// The certificates that may sign client assertions of an app, PEM.
    pub(crate) fn certificates(&self, app: &App) -> Vec<String> {
        let mut certificates = app.certificates.clone();
        if app == self.api() {
            certificates.extend(lock(&self.app_certificates).iter().cloned());
        }
        certificates
    }

    pub(crate) fn remember_code(&self, code: Code) -> String {
        let name = format!("1.{}", token::id());
        lock(&self.codes).insert(name.clone(), code);
        name
    }

    pub(crate) fn code(&self, name: &str) -> Option<Code> {
        lock(&self.codes).get(name).cloned()
    }

    /// Marks a code as redeemed; false when it already was.
    pub(crate) fn redeem(&self, name: &str) -> bool {
        lock(&self.codes).get_mut(name).is_some_and(|code| !std::mem::replace(&mut code.redeemed, true))
    }

    pub(crate) fn remember_session(&self, session: Session) -> String {
        let name = format!("0.{}{}", token::id(), token::id());
        lock(&self.refresh_tokens).insert(name.clone(), (session, self.clock.now()));
        name
    }

    /// Finds the session behind a refresh token, and its age; using one does not end it.
    pub(crate) fn session(&self, refresh_token: &str) -> Option<(Session, i64)> {
        let (session, issued) = lock(&self.refresh_tokens).get(refresh_token).cloned()?;
        Some((session, self.clock.now() - issued))
    }

    pub(crate) fn remember_met(&self, uti: &str, met: Evaluation) {
        lock(&self.met).insert(uti.to_owned(), met);
    }

    pub(crate) fn met(&self, uti: &str) -> Evaluation {
        lock(&self.met).get(uti).copied().unwrap_or_default()
    }

    pub(crate) fn revoke(&self, user: &'static User) {
        lock(&self.revoked).insert(user.oid, self.clock.now());
    }

    /// Tells whether what the user got at this time was revoked since; a later sign-in is good again.
    pub(crate) fn is_revoked(&self, user: &User, obtained: i64) -> bool {
        lock(&self.revoked).get(user.oid).is_some_and(|revoked| obtained <= *revoked)
    }

    /// Makes a service account's token; without an audience it is for the token exchange.
    pub(crate) fn workload_token(&self, subject: &str, audience: Option<&str>, lifetime: i64) -> String {
        self.cluster.token(subject, audience, self.clock.now(), lifetime)
    }

    /// Makes a token to order: for the API app, or for the resource that the order names.
    pub(crate) fn mint(&self, spec: &TokenSpec, base: &str) -> Option<String> {
        let claims = match &spec.resource {
            Some(resource) => self.claims_for_service(spec, resource, base)?,
            None => self.claims_for_api(spec, base)?,
        };
        let (token, uti) = token::mint(spec, claims, self.clock.now(), &self.keys);
        if spec.stepped_up {
            self.remember_met(&uti, Evaluation::COMPLETE);
        }
        Some(token)
    }

    fn claims_for_api(&self, spec: &TokenSpec, base: &str) -> Option<Map<String, Value>> {
        let api = self.api();
        let version = spec.version.unwrap_or_else(|| api.issues_version());
        let subject = match (&spec.app_roles, spec.user.as_deref()) {
            (Some(roles), _) => Subject::App { roles: roles.clone() },
            (None, Some(name)) => {
                let scopes = spec.scopes.clone().unwrap_or_else(|| api.scopes[0].to_owned());
                Subject::User { user: User::find(name)?, scopes }
            }
            (None, None) => return None,
        };
        let order = Order {
            resource: api,
            audience: api.audience(version, &api.app_id_uri()),
            client: crate::tenant::CLIENT_ID,
            confidential: Confidential::Public,
            subject,
            version,
            base,
            now: self.clock.now(),
            lifetime: Lifetime::ACCESS_TOKEN.seconds,
            client_capable: false,
        };
        Some(order.claims())
    }

    /// Such a token is what a developer's own tools get: of the user, through the Azure CLI's app.
    fn claims_for_service(&self, spec: &TokenSpec, resource: &str, base: &str) -> Option<Map<String, Value>> {
        let service = Service::find(resource)?;
        let object_id = token::service_principal(AZURE_CLI_ID);
        let principal = match (&spec.app_roles, spec.user.as_deref()) {
            (Some(roles), _) => Principal::App { object_id: &object_id, roles: roles.clone() },
            (None, Some(name)) => Principal::User {
                user: User::find(name)?,
                scopes: spec.scopes.clone().unwrap_or_else(|| "user_impersonation".to_owned()),
                capable: true,
                met: if spec.stepped_up { Evaluation::COMPLETE } else { Evaluation::default() },
            },
            (None, None) => return None,
        };
        let order = ServiceOrder {
            service,
            resource,
            client: AZURE_CLI_ID,
            principal,
            confidential: Confidential::Public,
            base,
            now: self.clock.now(),
            lifetime: Lifetime::ACCESS_TOKEN.seconds,
        };
        Some(order.claims())
    }
}

fn roles_of(assigned: &[(String, String)], client: &str) -> Vec<String> {
    assigned.iter().filter(|(holder, _)| holder == client).map(|(_, role)| role.clone()).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
