//! The request to the token endpoint, as a value that exists only through its doors.

mod claims;

use std::{borrow::Cow, fmt};

use mcp_auth_layer::{
    VerifiedToken,
    clock::UnixTime,
    principal::{Principal, UserId},
    tenant::TenantId,
    token::BearerToken,
};
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded::Serializer;

use crate::{
    credential::ClientAuth,
    error::{ExchangeError, ExchangeErrorKind, Failure},
    target::Target,
    www_authenticate::{ClaimsRequest, InvalidClaims},
};

/// A request for a token.
///
/// Its fields are private and each grant has one constructor, so nothing can lend this service's credential to a grant that
/// a caller chose.
#[derive(Clone)]
pub struct TokenRequest {
    grant: Grant,
    target: Target,
    claims: Option<ClaimsRequest>,
}

#[derive(Clone)]
enum Grant {
    OnBehalfOf(Assertion),
    ClientCredentials(TenantId),
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    Code(Option<TenantId>, CodeGrant),
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    Refresh(Option<TenantId>, SecretString),
}

/// A code of Entra's, and what was sent when it was asked for (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
#[cfg(any(feature = "azure-identity", feature = "proxy"))]
#[derive(Clone)]
pub(crate) struct CodeGrant {
    pub(crate) code: SecretString,
    pub(crate) verifier: SecretString,
    pub(crate) redirect_uri: Box<str>,
}

/// The token that is exchanged, and what is known of it.
#[derive(Clone)]
pub(crate) struct Assertion {
    user: UserId,
    issuer: Box<str>,
    token: BearerToken,
    expires_at: UnixTime,
}

impl Assertion {
    pub(crate) fn user(&self) -> &UserId {
        &self.user
    }

    /// The token's text: for Entra, and for the digest under which replicas share what it buys.
    pub(crate) fn expose_secret(&self) -> &str {
        self.token.expose_secret()
    }

    /// Who issued it, and alone may be shown it.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// When it ends; nothing that it buys is asked for again afterwards.
    pub(crate) fn expires_at(&self) -> UnixTime {
        self.expires_at
    }
}

/// The token belongs to an application: there is nobody to act for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token has no user")]
pub struct NotAUser;

impl TokenRequest {
    /// Asks for a token of `target` on behalf of this user.
    ///
    /// # Errors
    /// [`NotAUser`] for an application's token, which Entra would refuse in the end.
    pub fn on_behalf_of(user: &VerifiedToken, target: &Target) -> Result<Self, NotAUser> {
        let Principal::User { user: id, .. } = user.principal() else { return Err(NotAUser) };
        let assertion = Assertion {
            user: id.clone(),
            issuer: user.claims().issuer().into(),
            token: user.bearer().clone(),
            expires_at: user.expires_at(),
        };
        Ok(Self { grant: Grant::OnBehalfOf(assertion), target: target.clone(), claims: None })
    }

    /// Asks for a token of `target` for this app itself (RFC 6749 section 4.4).
    pub(crate) fn client_credentials(tenant: TenantId, target: Target) -> Self {
        Self { grant: Grant::ClientCredentials(tenant), target, claims: None }
    }

    /// Asks for the tokens of a sign-in (RFC 6749 section 4.1.3).
    ///
    /// For somebody else `target` is this service's own API, and nothing else's. No tenant is any that the app signs in.
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    pub(crate) fn authorization_code(tenant: Option<TenantId>, grant: CodeGrant, target: Target) -> Self {
        Self { grant: Grant::Code(tenant, grant), target, claims: None }
    }

    /// Asks for the tokens of a sign-in again (RFC 6749 section 6); `target` likewise.
    ///
    /// A refresh token of Entra's is good for any API that its client may call, so what it is used for is decided here.
    #[cfg(any(feature = "azure-identity", feature = "proxy"))]
    pub(crate) fn refresh(tenant: Option<TenantId>, token: SecretString, target: Target) -> Self {
        Self { grant: Grant::Refresh(tenant, token), target, claims: None }
    }

    /// Adds what a claims challenge asks for: base64 as in its header, or JSON.
    ///
    /// # Errors
    /// [`InvalidClaims`] when it is not a JSON object.
    pub fn with_claims(mut self, challenge: &str) -> Result<Self, InvalidClaims> {
        self.claims = Some(ClaimsRequest::read(challenge)?);
        Ok(self)
    }

    /// Returns the assertion, when a user is acted for.
    pub(crate) fn assertion(&self) -> Option<&Assertion> {
        match &self.grant {
            Grant::OnBehalfOf(assertion) => Some(assertion),
            _ => None,
        }
    }

    pub(crate) fn user(&self) -> Option<&UserId> {
        self.assertion().map(Assertion::user)
    }

    /// Returns the tenant that issues the token; none where it is for whoever signs in to find out.
    pub(crate) fn tenant(&self) -> Option<&TenantId> {
        match &self.grant {
            Grant::OnBehalfOf(assertion) => Some(assertion.user.tenant()),
            Grant::ClientCredentials(tenant) => Some(tenant),
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            Grant::Code(tenant, _) | Grant::Refresh(tenant, _) => tenant.as_ref(),
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    pub(crate) fn claims(&self) -> Option<&ClaimsRequest> {
        self.claims.as_ref()
    }

    /// Writes the form of the flow.
    ///
    /// `openid`, `profile` and `offline_access`, which MSAL always adds, are left out: the ID token and the refresh token
    /// that they buy would have to be kept safe and have no use here.
    pub(crate) fn form(&self, client_id: &str, auth: &ClientAuth, capabilities: &[Box<str>]) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("client_id", client_id).extend_pairs(auth.fields()).append_pair("scope", &self.scope());
        match &self.grant {
            Grant::OnBehalfOf(assertion) => form
                .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
                .append_pair("requested_token_use", "on_behalf_of")
                .append_pair("assertion", assertion.token.expose_secret()),
            Grant::ClientCredentials(_) => form.append_pair("grant_type", "client_credentials"),
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            Grant::Code(_, grant) => form
                .append_pair("grant_type", "authorization_code")
                .append_pair("code", grant.code.expose_secret())
                .append_pair("code_verifier", grant.verifier.expose_secret())
                .append_pair("redirect_uri", &grant.redirect_uri),
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            Grant::Refresh(_, token) => {
                form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose_secret())
            }
        };
        if let Some(claims) = claims::parameter(self.claims.as_ref(), capabilities) {
            form.append_pair("claims", &claims);
        }
        form.finish()
    }
}

impl TokenRequest {
    fn scope(&self) -> Cow<'_, str> {
        match &self.grant {
            // Without it Entra gives no refresh token.
            #[cfg(any(feature = "azure-identity", feature = "proxy"))]
            Grant::Code(..) | Grant::Refresh(..) => format!("{} offline_access", self.target.scope()).into(),
            _ => self.target.scope().into(),
        }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("user", &self.user()).field("target", &self.target).finish_non_exhaustive()
    }
}

impl From<NotAUser> for ExchangeError {
    fn from(why: NotAUser) -> Self {
        Failure::new(ExchangeErrorKind::NotAUser).because(why).into()
    }
}

impl From<InvalidClaims> for ExchangeError {
    fn from(why: InvalidClaims) -> Self {
        Failure::new(ExchangeErrorKind::Configuration).because(why).into()
    }
}
