//! One issuer whose tokens are judged here, and the checks that are its own.

use std::sync::Arc;

use super::checks;
use crate::{
    algorithm::Algorithms,
    audience::Audiences,
    authority::{Endpoints, Unavailable},
    claims::Claims,
    clock::{Clock, UnixTime},
    entra::EntraApp,
    issuer,
    keys::{KeySource, Unnamed, VerifyingKey},
    oidc::OidcIssuer,
    principal::Principal,
    reject::TokenFault,
    scope::ScopeHierarchy,
};

/// An issuer, and where its keys come from.
#[derive(Clone, Debug)]
pub(super) struct Trusted {
    issuer: Issuer,
    pub(super) keys: Arc<dyn KeySource>,
}

#[derive(Clone, Debug)]
enum Issuer {
    Entra(EntraApp),
    Plain(OidcIssuer),
}

/// What is known of an issuer at the moment of judging.
pub(super) enum Known {
    Entra(Arc<Endpoints>),
    Plain,
}

impl Trusted {
    pub(super) fn entra(app: &EntraApp) -> Self {
        Self { keys: Arc::new(app.keys().clone()), issuer: Issuer::Entra(app.clone()) }
    }

    pub(super) fn plain(issuer: &OidcIssuer) -> Self {
        Self { keys: Arc::clone(issuer.keys()), issuer: Issuer::Plain(issuer.clone()) }
    }

    pub(super) fn app(&self) -> Option<&EntraApp> {
        match &self.issuer {
            Issuer::Entra(app) => Some(app),
            Issuer::Plain(_) => None,
        }
    }

    pub(super) fn name(&self) -> String {
        match &self.issuer {
            Issuer::Entra(app) => format!("{}/{}", app.authority().host(), app.authority().segment()),
            Issuer::Plain(issuer) => issuer.name().to_owned(),
        }
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        match &self.issuer {
            Issuer::Entra(app) => app.clock(),
            Issuer::Plain(issuer) => issuer.clock(),
        }
    }

    pub(super) fn algorithms(&self) -> Algorithms {
        match &self.issuer {
            Issuer::Entra(_) => Algorithms::RS256,
            Issuer::Plain(issuer) => issuer.algorithms(),
        }
    }

    /// Returns what is known without asking anybody; none before Entra's tenant was discovered.
    pub(super) fn known(&self) -> Option<Known> {
        match &self.issuer {
            Issuer::Entra(app) => app.authority().known().map(Known::Entra),
            Issuer::Plain(_) => Some(Known::Plain),
        }
    }

    /// Finds out what must be known.
    pub(super) async fn learn(&self) -> Result<Known, Unavailable> {
        match &self.issuer {
            Issuer::Entra(app) => app.authority().endpoints().await.map(Known::Entra),
            Issuer::Plain(_) => Ok(Known::Plain),
        }
    }

    /// Tells whether a token with these claims says that it is this issuer's; none while that cannot be known.
    pub(super) fn is_named_by(&self, claims: &Claims) -> Option<bool> {
        match (&self.issuer, self.known()?) {
            (Issuer::Plain(issuer), _) => Some(claims.issuer() == issuer.name()),
            (Issuer::Entra(_), Known::Entra(endpoints)) => Some(issuer::is_claimed(claims, &endpoints)),
            (Issuer::Entra(_), Known::Plain) => Some(false),
        }
    }

    /// Checks everything about the claims that needs no key.
    ///
    /// The audience comes first: a caller who sent a token for Microsoft Graph must hear that, not that its issuer is odd.
    pub(super) fn check(&self, claims: &Claims, known: &Known, now: UnixTime) -> Result<(), TokenFault> {
        checks::audience(claims, self.accepted())?;
        match (&self.issuer, known) {
            (Issuer::Entra(app), Known::Entra(endpoints)) => {
                issuer::check(claims, endpoints, app.tenants_that_count())?;
            }
            (Issuer::Plain(issuer), Known::Plain) if claims.issuer() == issuer.name() => {}
            (Issuer::Entra(_) | Issuer::Plain(_), _) => return Err(TokenFault::WrongIssuer),
        }
        checks::times(claims, now)?;
        checks::binding(claims)
    }

    /// Checks that the key may sign for the issuer of these claims.
    pub(super) fn check_key(&self, key: &VerifyingKey, claims: &Claims, known: &Known) -> Result<(), TokenFault> {
        match known {
            Known::Plain => key.check_issuer(claims, claims.issuer(), Unnamed::ForTheIssuer),
            Known::Entra(endpoints) => {
                let own = claims.tenant().and_then(|tenant| endpoints.issuer_v2_of(tenant));
                let own = own.ok_or(TokenFault::WrongTenant)?;
                // A document for many tenants holds keys of many issuers, which must say whose they are.
                let unnamed = if endpoints.tenant().is_some() { Unnamed::ForTheIssuer } else { Unnamed::ForNobody };
                key.check_issuer(claims, &own, unnamed)
            }
        }
    }

    /// Classifies the caller; refuses what is nobody's access token.
    pub(super) fn principal(&self, claims: &Claims, hierarchy: &ScopeHierarchy) -> Result<Principal, TokenFault> {
        match &self.issuer {
            Issuer::Entra(_) => Principal::of_entra(claims, hierarchy),
            Issuer::Plain(_) => Principal::of_plain(claims, hierarchy),
        }
    }

    /// Leaves out of judged claims what nobody but their issuer can use.
    pub(super) fn leave_out_internal(&self, claims: &mut Claims) {
        match &self.issuer {
            Issuer::Entra(_) => claims.leave_out_internal(),
            Issuer::Plain(_) => {}
        }
    }

    /// Tells whether two would claim the same tokens, so that the second would never be asked.
    pub(super) fn is_same_issuer(&self, other: &Self) -> bool {
        match (&self.issuer, &other.issuer) {
            (Issuer::Plain(one), Issuer::Plain(other)) => one.name() == other.name(),
            (Issuer::Entra(one), Issuer::Entra(other)) => {
                let (one, other) = (one.authority(), other.authority());
                one.host() == other.host() && one.segment() == other.segment()
            }
            (Issuer::Entra(_) | Issuer::Plain(_), _) => false,
        }
    }

    fn accepted(&self) -> &Audiences {
        match &self.issuer {
            Issuer::Entra(app) => app.accepted(),
            Issuer::Plain(issuer) => issuer.accepted(),
        }
    }
}
