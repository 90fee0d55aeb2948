//! Everything that the emulator remembers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::{
    address::Addresses,
    challenge::Evaluation,
    clock::Clock,
    cluster::Cluster,
    config::Config,
    counters::Counting,
    fault::Faults,
    gateway::Network,
    identity::Identities,
    lifetime::Lifetime,
    per_user::PerUser,
    signing::KeyRing,
    spec::TokenSpec,
    tenant::{App, Platform},
    token::{self, Confidential, Order, Subject},
    user::User,
    vault::Vault,
};

/// One tenant.
pub(crate) struct State {
    pub(crate) addresses: Addresses,
    pub(crate) network: Network,
    pub(crate) apps: Vec<App>,
    pub(crate) identities: Identities,
    pub(crate) cluster: Cluster,
    pub(crate) vault: Vault,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) lifetimes: PerUser<Lifetime>,
    pub(crate) counting: Counting,
    /// What proves to the App Service form of the identity endpoint that the caller is in the app's own process.
    pub(crate) identity_header: String,
    /// The app roles at Graph that administrators assigned, each with the client that has it.
    graph_roles: Vec<(String, String)>,
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
            network: Network::new(config.proxy_credentials.clone()),
            apps: config.apps(),
            identities: config.identities.clone(),
            cluster: Cluster::new(addresses.cluster_issuer()),
            vault: config.vault(clock.now()),
            app_certificates: Mutex::default(),
            graph_roles: config.graph_roles.clone(),
            identity_header: Uuid::new_v4().simple().to_string().to_uppercase(),
            keys: KeyRing::generate(),
            clock,
            faults: Faults::default(),
            lifetimes: PerUser::default(),
            counting: Counting::default(),
            codes: Mutex::default(),
            refresh_tokens: Mutex::default(),
            revoked: Mutex::default(),
            met: Mutex::default(),
        }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    pub(crate) fn api(&self) -> &App {
        &self.apps[0]
    }

    /// The app roles at Graph that a client has.
    pub(crate) fn graph_roles(&self, client: &str) -> Vec<String> {
        self.graph_roles.iter().filter(|(holder, _)| holder == client).map(|(_, role)| role.clone()).collect()
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

    /// Makes a token to order, for the API app.
    pub(crate) fn mint(&self, spec: &TokenSpec, base: &str) -> Option<String> {
        let api = self.api();
        let version = spec.version.unwrap_or_else(|| api.issues_version());
        let subject = match (&spec.app_roles, spec.user.as_deref()) {
            (Some(roles), _) => Subject::App { roles: roles.clone() },
            (None, Some(name)) => {
                let scopes = spec.scopes.clone().unwrap_or_else(|| api.scopes.join(" "));
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
        let (token, uti) = token::mint(spec, &order, &self.keys);
        if spec.stepped_up {
            self.remember_met(&uti, Evaluation::COMPLETE);
        }
        Some(token)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
