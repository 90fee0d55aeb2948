//! A claims challenge on its way through a client that knows only scopes.
//!
//! MCP clients answer 403 `insufficient_scope` by a new sign-in with the scope that it names, and do nothing about `claims`. So a
//! challenge becomes a scope: Entra's claims, sealed. It comes back at `/authorize`, where it is opened into Entra's own parameter.
//! Clients keep old scopes among new ones, so one that is too old or not of this server is no error: it says nothing.

use std::{sync::Arc, time::Duration};

use mcp_auth_layer::{bearer::StepUpRoute, claims::Claims, clock::Clock};
use serde::{Deserialize, Serialize};

use super::{api_scopes::STEP_UP, lasting::lasts, sealed};
use crate::{
    seal::{KeyRing, Purpose},
    www_authenticate::ClaimsRequest,
};

/// Long enough for a person who has to look for a phone.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// A header, and then an address, has to take it.
const MAX_SCOPE: usize = 1_500;

/// Seals challenges into scopes, and opens them.
#[derive(Clone, Debug)]
pub(super) struct StepUps {
    pub(super) ring: KeyRing,
    /// The app that this proxy is at Entra: whose tokens come from a sign-in here.
    pub(super) client_id: Box<str>,
    pub(super) clock: Arc<dyn Clock>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    claims: String,
    hint: Option<String>,
    made: u64,
}

/// What a step-up asks of Entra's sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StepUp {
    pub(super) claims: ClaimsRequest,
    /// Who has to step up, so that nobody else does by mistake.
    pub(super) login_hint: Option<Box<str>>,
}

impl StepUps {
    /// Opens the newest of the scopes that came back; a client may list them in any order.
    pub(super) fn newest<'a>(&self, scopes: impl Iterator<Item = &'a str>) -> Option<StepUp> {
        let opened = scopes.filter_map(|scope| self.open(scope));
        let Sealed { claims, hint, .. } = opened.max_by_key(|sealed| sealed.made)?;
        Some(StepUp { claims: ClaimsRequest::read(&claims).ok()?, login_hint: hint.map(Into::into) })
    }

    fn open(&self, scope: &str) -> Option<Sealed> {
        let text = scope.strip_prefix(STEP_UP).filter(|_| scope.len() <= MAX_SCOPE)?;
        let opened: Sealed = sealed::open(&self.ring, Purpose::StepUp, "", text)?;
        lasts(opened.made, LIFE, self.clock.now()).then_some(opened)
    }
}

impl StepUpRoute for StepUps {
    fn scope(&self, caller: &Claims, claims_request: &str) -> Option<String> {
        let is_from_here = caller.client_id().is_some_and(|id| id.eq_ignore_ascii_case(&self.client_id));
        let claims = ClaimsRequest::read(claims_request).ok().filter(|_| is_from_here)?.as_str().to_owned();
        let name = ["preferred_username", "upn"].iter().find_map(|name| caller.get(name)?.as_str());
        let sealed = Sealed { claims, hint: name.map(ToOwned::to_owned), made: self.clock.now().as_secs() };
        let text = sealed::seal(&self.ring, Purpose::StepUp, "", &sealed).ok()?;
        // One that is too long would be cut on its way; the client is told of the claims then.
        Some(format!("{STEP_UP}{text}")).filter(|scope| scope.len() <= MAX_SCOPE)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testtenant::{CLAIMS, CLIENT, Tenant};

    fn step_ups(tenant: &Tenant) -> StepUps {
        StepUps { ring: KeyRing::ephemeral(), client_id: CLIENT.into(), clock: Arc::new(tenant.clock.clone()) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_challenge_comes_back_as_it_went_for_ten_minutes() {
        let tenant = Tenant::granting();
        let step_ups = step_ups(&tenant);
        let alice = json!({"oid": "alice", "scp": "access_as_user", "preferred_username": "alice@contoso.com"});
        let alice = tenant.verified(alice).await;
        let scope = step_ups.scope(alice.claims(), CLAIMS).unwrap();
        assert!(scope.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'), "{scope}");
        let opened = step_ups.newest([&*scope].into_iter()).unwrap();
        assert_eq!((opened.claims.as_str(), opened.login_hint.as_deref()), (CLAIMS, Some("alice@contoso.com")));
        tenant.clock.advance(LIFE);
        assert_eq!(step_ups.newest([&*scope].into_iter()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn callers_whose_clients_understand_claims_are_told_of_the_claims() {
        let tenant = Tenant::granting();
        let other = json!({"oid": "alice", "scp": "access_as_user", "azp": "99999999-2222-3333-4444-555555555555"});
        let other = tenant.verified(other).await;
        assert_eq!(step_ups(&tenant).scope(other.claims(), CLAIMS), None);
        let alice = tenant.user("alice").await;
        for (name, claims) in
            [("none", ""), ("no object", "[]"), ("too long", &*json!({"a": "x".repeat(1_500)}).to_string())]
        {
            assert_eq!(step_ups(&tenant).scope(alice.claims(), claims), None, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_has_made_says_nothing() {
        let tenant = Tenant::granting();
        let alice = tenant.user("alice").await;
        let foreign = step_ups(&tenant).scope(alice.claims(), CLAIMS).unwrap();
        for scope in [&*foreign, "stepup.", "stepup.abc", "access_as_user", ""] {
            assert_eq!(step_ups(&tenant).newest([scope].into_iter()), None, "{scope}");
        }
    }
}
