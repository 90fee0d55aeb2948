//! The closed set of ways in which an exchange fails.

/// Why there is no token, as far as code should branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExchangeErrorKind {
    /// The caller is an application; there is nobody to act for.
    NotAUser,
    /// The caller is anonymous.
    NoUser,
    /// The target was not declared when the exchange was built.
    UndeclaredTarget,
    /// The downstream service has no delegated permission: nobody can call it on behalf of a user.
    NoDelegatedScope,
    /// The user must sign in again and satisfy a condition (MFA, device, location).
    StepUp,
    /// An administrator or the user has not consented to what this service asks for.
    Consent,
    /// A policy blocks the user or the sign-in; signing in again does not help.
    BlockedByPolicy,
    /// Entra no longer accepts the caller's token: revoked, or not meant for this app.
    AssertionRefused,
    /// The caller's token has expired.
    AssertionExpired,
    /// Entra asks for fewer requests.
    Throttled,
    /// Entra did not answer, or not in a form that can be used.
    Unavailable,
    /// Entra does not accept this service's own credential, or it could not be presented.
    ClientCredential,
    /// The request as this service is configured makes no sense to Entra.
    Configuration,
}

impl ExchangeErrorKind {
    /// Returns a stable word for results, audit events and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAUser => "not_a_user",
            Self::NoUser => "no_user",
            Self::UndeclaredTarget => "undeclared_target",
            Self::NoDelegatedScope => "no_delegated_scope",
            Self::StepUp => "interaction_required",
            Self::Consent => "consent_required",
            Self::BlockedByPolicy => "blocked_by_policy",
            Self::AssertionRefused => "assertion_refused",
            Self::AssertionExpired => "assertion_expired",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::ClientCredential => "client_credential",
            Self::Configuration => "configuration",
        }
    }

    /// Tells whether a new sign-in of the user can cure it.
    #[must_use]
    pub const fn is_cured_by_sign_in(self) -> bool {
        matches!(self, Self::StepUp | Self::AssertionRefused | Self::AssertionExpired)
    }

    /// The error's own sentence.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::NotAUser => "an application's token cannot be exchanged on behalf of a user",
            Self::NoUser => "there is no user to act for",
            Self::UndeclaredTarget => "the downstream API was not declared",
            Self::NoDelegatedScope => "the downstream service cannot be called on behalf of a user",
            Self::StepUp => "the user must sign in again to satisfy a condition",
            Self::Consent => "consent to the downstream API is missing",
            Self::BlockedByPolicy => "a policy blocks the user or this sign-in",
            Self::AssertionRefused => "Entra no longer accepts the caller's token",
            Self::AssertionExpired => "the caller's token has expired",
            Self::Throttled => "Entra asks for fewer requests",
            Self::Unavailable => "Entra did not give a usable answer",
            Self::ClientCredential => "Entra does not accept this service's credential",
            Self::Configuration => "this service asks Entra for something that cannot be",
        }
    }

    /// What to do when nothing more precise is known.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::NotAUser => "call with a user's token; for work without a user configure this service's own identity",
            Self::NoUser => "sign in; this call came through an opened hatch, without a user",
            Self::UndeclaredTarget => "declare the downstream API with `add_target` where the exchange is built",
            Self::NoDelegatedScope => {
                "this service is declared to have no delegated permission; restart with the outgoing strategy \
                 UseHostingEnvironmentIdentity to call it as this server's own identity, or run the server over stdio on the \
                 user's machine"
            }
            Self::StepUp => "sign in again; the downstream API's policy asks for more than the present sign-in gave",
            Self::Consent => "an administrator grants this app's permissions of the downstream API in the tenant",
            Self::BlockedByPolicy => {
                "an administrator looks up the sign-in by its correlation id and reviews the policy"
            }
            Self::AssertionRefused => {
                "sign in again; if that does not help, compare the token's audience with this app"
            }
            Self::AssertionExpired => "refresh the access token, or sign in again",
            Self::Throttled => "wait as long as Entra says; look for a caller that repeats a failing call",
            Self::Unavailable => "try again; check the network, proxy and certificates between this service and Entra",
            Self::ClientCredential => "renew this app's secret or certificate in Entra and here",
            Self::Configuration => "compare tenant, client id and downstream scopes with the app registration",
        }
    }
}
