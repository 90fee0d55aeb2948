//! Everything that the emulator remembers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    challenge::Evaluation,
    clock::Clock,
    config::Config,
    counters::Counting,
    fault::Faults,
    signing::KeyRing,
    spec::TokenSpec,
    tenant::{App, Platform},
    token::{self, Confidential, Order, Subject},
    user::User,
};

/// One tenant.
pub(crate) struct State {
    pub(crate) apps: Vec<App>,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) counting: Counting,
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
            met: Mutex::default(),
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
