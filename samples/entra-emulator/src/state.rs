//! Everything that the emulator remembers.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    clock::Clock,
    config::Config,
    counters::Counting,
    fault::Faults,
    signing::KeyRing,
    spec::TokenSpec,
    tenant::{App, Platform, User},
    token::{self, Confidential, Order, Subject},
};

/// One tenant.
pub(crate) struct State {
    pub(crate) apps: Vec<App>,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) counting: Counting,
    codes: Mutex<HashMap<String, Code>>,
    refresh_tokens: Mutex<HashMap<String, Session>>,
    revoked: Mutex<HashSet<&'static str>>,
    /// The `uti` of tokens from sessions in which a challenge was met.
    stepped_up: Mutex<HashSet<String>>,
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
    /// Only an authorization request with the challenge's claims sets this; a refresh never does.
    pub(crate) stepped_up: bool,
    pub(crate) capable: bool,
    pub(crate) signed_in: i64,
}

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            apps: config.apps(),
            keys: KeyRing::generate(),
            clock: Clock::default(),
            faults: Faults::default(),
            counting: Counting::default(),
            codes: Mutex::default(),
            refresh_tokens: Mutex::default(),
            revoked: Mutex::default(),
            stepped_up: Mutex::default(),
        }
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    pub(crate) fn api(&self) -> &App {
        &self.apps[0]
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
        lock(&self.refresh_tokens).insert(name.clone(), session);
        name
    }

    /// Finds the session behind a refresh token; using one does not end it.
    pub(crate) fn session(&self, refresh_token: &str) -> Option<Session> {
        lock(&self.refresh_tokens).get(refresh_token).cloned()
    }

    pub(crate) fn mark_stepped_up(&self, uti: &str) {
        lock(&self.stepped_up).insert(uti.to_owned());
    }

    pub(crate) fn is_stepped_up(&self, uti: &str) -> bool {
        lock(&self.stepped_up).contains(uti)
    }

    pub(crate) fn revoke(&self, user: &'static User) {
        lock(&self.revoked).insert(user.oid);
    }

    pub(crate) fn is_revoked(&self, user: &User) -> bool {
        lock(&self.revoked).contains(user.oid)
    }

    /// Makes a token to order, for the API app.
    pub(crate) fn mint(&self, spec: &TokenSpec, base: &str) -> Option<String> {
        let api = self.api();
        let version = spec.version.or(api.token_version).unwrap_or(1);
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
            audience: if version == 2 { api.client_id.clone() } else { api.app_id_uri() },
            client: crate::tenant::CLIENT_ID,
            confidential: Confidential::Public,
            subject,
            version,
            base,
            now: self.clock.now(),
            client_capable: false,
        };
        Some(token::mint(spec, &order, &self.keys))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
