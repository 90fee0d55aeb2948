//! Addresses and names, of one tenant or with a place for any.

use std::borrow::Cow;

use crate::{
    cloud::Cloud,
    discovery::{self, DiscoveryError},
    template::Template,
    tenant::TenantId,
};

/// Which accounts an authority signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// Those of one tenant.
    Tenant(TenantId),
    /// Those of any organisation (`organizations`).
    Organizations,
    /// Those of any organisation, and personal Microsoft accounts (`common`).
    Common,
}

impl Reach {
    /// Returns the path segment that stands for it.
    #[must_use]
    pub fn segment(&self) -> &str {
        match self {
            Self::Tenant(id) => id.as_str(),
            Self::Organizations => "organizations",
            Self::Common => "common",
        }
    }
}

/// The addresses and names of an authority.
///
/// Where it serves many tenants, issuers have `{tenantid}` in the tenant's place; [`of_tenant`](Self::of_tenant) makes the
/// endpoints of one of them, without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    reach: Reach,
    issuer_v2: Template,
    issuer_v1: Option<Template>,
    authorization: String,
    token: String,
    jwks: String,
}

/// What discovery documents say, before it is checked.
pub(super) struct Found {
    pub(super) issuer_v2: String,
    pub(super) issuer_v1: Option<String>,
    pub(super) authorization: String,
    pub(super) token: String,
    pub(super) jwks: String,
}

impl Endpoints {
    /// Makes the documented endpoints of a tenant, without asking it; for machines that cannot reach discovery.
    #[must_use]
    pub fn documented(cloud: Cloud, tenant: TenantId) -> Self {
        Self::documented_for(cloud, Reach::Tenant(tenant))
    }

    /// Makes the documented endpoints for tenants of any organisation.
    #[must_use]
    pub fn documented_for_organizations(cloud: Cloud) -> Self {
        Self::documented_for(cloud, Reach::Organizations)
    }

    fn documented_for(cloud: Cloud, reach: Reach) -> Self {
        let host = cloud.authority_host();
        let base = format!("{host}/{}", reach.segment());
        let in_issuer = match &reach {
            Reach::Tenant(id) => id.as_str(),
            Reach::Organizations | Reach::Common => "{tenantid}",
        };
        Self {
            issuer_v2: Template::new(&format!("{host}/{in_issuer}/v2.0")),
            issuer_v1: cloud.v1_issuer(in_issuer).as_deref().map(Template::new),
            authorization: format!("{base}/oauth2/v2.0/authorize"),
            token: format!("{base}/oauth2/v2.0/token"),
            jwks: format!("{base}/discovery/v2.0/keys"),
            reach,
        }
    }

    /// Takes what was discovered if it belongs together.
    pub(super) fn of_found(found: Found, reach: Reach) -> Result<Self, DiscoveryError> {
        let issuer_v2 = Template::new(&found.issuer_v2);
        let issuer_v1 = found.issuer_v1.as_deref().map(Template::new);
        for issuer in issuer_v1.iter().chain([&issuer_v2]) {
            let belongs = match &reach {
                Reach::Tenant(id) => issuer.is_literal() && tenant_of(issuer.as_str()).as_ref() == Some(id),
                Reach::Organizations | Reach::Common => is_for_any_tenant(issuer),
            };
            if !belongs {
                return Err(DiscoveryError::OtherIssuer);
            }
        }
        Ok(Self {
            issuer_v2,
            issuer_v1,
            authorization: discovery::address(found.authorization, "authorization_endpoint")?,
            token: discovery::address(found.token, "token_endpoint")?,
            jwks: discovery::address(found.jwks, "jwks_uri")?,
            reach,
        })
    }

    /// Returns whose accounts sign in there.
    #[must_use]
    pub const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Returns the tenant, when there is just one.
    #[must_use]
    pub const fn tenant(&self) -> Option<&TenantId> {
        match &self.reach {
            Reach::Tenant(id) => Some(id),
            Reach::Organizations | Reach::Common => None,
        }
    }

    /// Makes the endpoints of one tenant; none for a tenant that is not served here.
    #[must_use]
    pub fn of_tenant(&self, tenant: &TenantId) -> Option<Self> {
        let place = match &self.reach {
            Reach::Tenant(own) => return (own == tenant).then(|| self.clone()),
            Reach::Organizations | Reach::Common => self.reach.segment(),
        };
        let fill = |url: &str| Template::of_segment(url, place).map_or_else(|| url.to_owned(), |url| url.of(tenant));
        Some(Self {
            issuer_v2: Template::new(&self.issuer_v2.of(tenant)),
            issuer_v1: self.issuer_v1.as_ref().map(|issuer| Template::new(&issuer.of(tenant))),
            authorization: fill(&self.authorization),
            token: fill(&self.token),
            jwks: fill(&self.jwks),
            reach: Reach::Tenant(tenant.clone()),
        })
    }

    /// Returns the issuer of v2 tokens.
    #[must_use]
    pub fn issuer_v2(&self) -> &str {
        self.issuer_v2.as_str()
    }

    /// Writes the issuer of a tenant's v2 tokens; none for a tenant that is not served here.
    pub(crate) fn issuer_v2_of(&self, tenant: &TenantId) -> Option<Cow<'_, str>> {
        match &self.reach {
            Reach::Tenant(own) => (own == tenant).then(|| Cow::Borrowed(self.issuer_v2())),
            Reach::Organizations | Reach::Common => Some(Cow::Owned(self.issuer_v2.of(tenant))),
        }
    }

    /// Returns the issuer of v1 tokens; none in clouds that do not say, where v1 tokens are refused.
    #[must_use]
    pub fn issuer_v1(&self) -> Option<&str> {
        self.issuer_v1.as_ref().map(Template::as_str)
    }

    /// Tells whether this is the name, v2 or v1, under which the one tenant of these endpoints issues tokens.
    ///
    /// An assertion goes to the endpoints of its own issuer and to nobody else's.
    #[must_use]
    pub fn is_issuer(&self, issuer: &str) -> bool {
        let is = |template: &Template| template.is_literal() && template.as_str() == issuer;
        is(&self.issuer_v2) || self.issuer_v1.as_ref().is_some_and(is)
    }

    pub(crate) fn issuers(&self) -> (&Template, Option<&Template>) {
        (&self.issuer_v2, self.issuer_v1.as_ref())
    }

    /// Returns the name under which a client finds the authority's metadata.
    ///
    /// For one tenant that is its v2 issuer. An authority for many tenants has no issuer of its own, but a document all the
    /// same, under its segment in the tenant's place.
    #[must_use]
    pub fn authorization_server(&self) -> String {
        match &self.reach {
            Reach::Tenant(id) => self.issuer_v2.of(id),
            Reach::Organizations | Reach::Common => {
                self.issuer_v2().to_ascii_lowercase().replace("{tenantid}", self.reach.segment())
            }
        }
    }

    /// Returns the authorization endpoint (RFC 6749 section 3.1).
    #[must_use]
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization
    }

    /// Returns the token endpoint (RFC 6749 section 3.2).
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token
    }

    /// Returns the address of the signing keys.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks
    }
}

/// Finds the tenant id that Entra puts first in an issuer's path.
pub(super) fn tenant_of(issuer: &str) -> Option<TenantId> {
    let url = discovery::usable(issuer)?;
    TenantId::parse(url.path_segments()?.next()?).ok()
}

/// Tells whether an issuer has the tenant's place, and has it where a tenant's own issuer has its id.
fn is_for_any_tenant(issuer: &Template) -> bool {
    let probe = TenantId::parse("00000000-0000-0000-0000-000000000000");
    probe.is_ok_and(|probe| !issuer.is_literal() && tenant_of(&issuer.of(&probe)).as_ref() == Some(&probe))
}
