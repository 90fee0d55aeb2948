//! Every reason for which a caller is refused.
//!
//! A reason is rich inside (it stays in the response's extensions and in the audit event) and poor outside:
//! [`challenge`](crate::challenge) maps it to a status, a challenge and one fixed sentence.

mod transport;

use std::{fmt, time::Duration};

pub use self::transport::{OriginFault, SessionFault};
use crate::{known_resource::KnownResource, scope::ScopeSet, tenant::TenantId};

/// Why a request is refused.
///
/// Inner layers and handlers raise one with [`Rejection::into_response`]; the bearer layer, outermost of the family, renders
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The request carries no bearer token.
    NoCredentials,
    /// The request carries credentials in a form that cannot be read.
    Request(RequestFault),
    /// The token is not good here.
    Token(TokenFault),
    /// The token is good and lacks a scope.
    Scope {
        /// All scopes that the operation needs, at once.
        required: ScopeSet,
    },
    /// The user must satisfy a condition that only a new sign-in can satisfy (Conditional Access, MFA).
    StepUp {
        /// The claims request of Entra or of the downstream API, JSON.
        claims: String,
    },
    /// The same, for a client that only understands scopes: one that stands for the claims request.
    ///
    /// The bearer layer makes it of [`StepUp`](Self::StepUp) when its [`StepUpRoute`](crate::bearer::StepUpRoute) says so.
    StepUpScope {
        /// The scope, spelled as the client must ask for it.
        scope: String,
    },
    /// The user must sign in more strongly, or again, at a plain OpenID Connect issuer (RFC 9470).
    Authentication {
        /// The classes of authentication of which one is needed.
        acr_values: Option<ScopeSet>,
        /// How old the sign-in may be.
        max_age: Option<Duration>,
    },
    /// An administrator or the user has not consented to what this service needs downstream.
    Consent {
        /// The tenant in which consent lacks.
        tenant: TenantId,
    },
    /// The caller is known, and may not.
    Forbidden(ForbiddenFault),
    /// The request is for another host, or comes from a web page that may not send it.
    Origin(OriginFault),
    /// The request names an MCP session that is not the caller's.
    Session(SessionFault),
    /// The caller cannot be judged, or served, now; nothing is wrong with the token.
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
    /// This service is set up wrongly towards Entra; nothing is wrong with the caller.
    Misconfigured,
    /// A layer is missing or in the wrong order.
    NotWired {
        /// The layer that is missing.
        missing: &'static str,
    },
}

/// What is wrong with the way the credentials, or the message, are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestFault {
    /// More than one `Authorization` header.
    SeveralCredentials,
    /// A token in the query.
    InQuery,
    /// A token in a form.
    InForm,
    /// A token longer than any that Entra issues.
    TooLarge,
    /// A `Bearer` credential that is not one token of RFC 6750's alphabet.
    Malformed,
    /// The body is not one JSON-RPC message that can be read in one way only.
    MalformedMessage,
    /// The body holds several JSON-RPC messages.
    Batch,
    /// The body is longer than what is read of one.
    MessageTooLarge,
    /// The headers that mirror the message differ from it, or lack.
    HeaderMismatch,
}

/// What is wrong with the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// Not a JWT of three parts with a readable header and readable claims.
    Malformed,
    /// The header's `alg` is not one of the issuer's.
    Algorithm,
    /// The header has a `crit` member, `typ` of another kind of token, or says that the content is encoded.
    Header,
    /// The header has no `kid`, or none of the issuer's keys has it.
    UnknownKey,
    /// The key belongs to another issuer.
    KeyOfAnotherIssuer,
    /// The signature does not match.
    Signature,
    /// `exp` has passed.
    Expired,
    /// `nbf` lies ahead.
    NotYetValid,
    /// `iss` is not one of the issuer's names.
    WrongIssuer,
    /// `tid` is missing or another tenant.
    WrongTenant,
    /// `aud` names somebody else.
    WrongAudience,
    /// `aud` names a well-known API: the caller sent the token meant for that API.
    KnownResource(KnownResource),
    /// Neither a user's nor an app's access token; mostly an ID token.
    NotAnAccessToken,
    /// The token is bound to a key (`cnf`), and the proof is not checked here.
    ProofOfPossession,
    /// Entra refused the token as the assertion of an exchange: revoked, or the user signed out.
    AssertionRefused,
    /// The token expired between its check and its use as an assertion.
    AssertionExpired,
}

/// Why a known caller may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForbiddenFault {
    /// An application without a user, where a user is needed.
    AppOnly,
    /// The user or the sign-in is blocked by policy.
    Policy,
    /// The client is not one of those that may call.
    Client,
    /// The caller has none of the app roles that may call.
    Role,
    /// The caller is in none of the groups that may call.
    Group,
    /// The caller is in so many groups that the token does not list them.
    GroupsLeftOut,
    /// The tool is not one of those that the policy lists.
    UnlistedTool,
    /// The method is not one of those that the policy lists.
    UnlistedMethod,
    /// The operation needs a service that nobody can call on behalf of a user.
    NoDelegatedScope,
}

impl Rejection {
    /// Returns a stable word for audit events and metrics; a closed set.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::Request(fault) => fault.reason(),
            Self::Token(fault) => fault.reason(),
            Self::Scope { .. } => "scope",
            Self::StepUp { .. } => "step_up",
            Self::StepUpScope { .. } => "step_up_scope",
            Self::Authentication { .. } => "authentication",
            Self::Consent { .. } => "consent",
            Self::Forbidden(fault) => fault.reason(),
            Self::Origin(fault) => fault.reason(),
            Self::Session(fault) => fault.reason(),
            Self::Unavailable { .. } => "unavailable",
            Self::Misconfigured => "misconfigured",
            Self::NotWired { .. } => "not_wired",
        }
    }
}

impl ForbiddenFault {
    const fn reason(self) -> &'static str {
        match self {
            Self::AppOnly => "app_only",
            Self::Policy => "policy",
            Self::Client => "client",
            Self::Role => "role",
            Self::Group => "group",
            Self::GroupsLeftOut => "groups_left_out",
            Self::UnlistedTool => "unlisted_tool",
            Self::UnlistedMethod => "unlisted_method",
            Self::NoDelegatedScope => "no_delegated_scope",
        }
    }
}

impl RequestFault {
    const fn reason(self) -> &'static str {
        match self {
            Self::SeveralCredentials => "several_credentials",
            Self::InQuery => "token_in_query",
            Self::InForm => "token_in_form",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed_credentials",
            Self::MalformedMessage => "malformed_message",
            Self::Batch => "batch",
            Self::MessageTooLarge => "message_too_large",
            Self::HeaderMismatch => "header_mismatch",
        }
    }
}

impl TokenFault {
    const fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_token",
            Self::Algorithm => "algorithm",
            Self::Header => "header",
            Self::UnknownKey => "unknown_key",
            Self::KeyOfAnotherIssuer => "key_of_another_issuer",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongTenant => "wrong_tenant",
            Self::WrongAudience => "wrong_audience",
            Self::KnownResource(_) => "known_resource",
            Self::NotAnAccessToken => "not_an_access_token",
            Self::ProofOfPossession => "proof_of_possession",
            Self::AssertionRefused => "assertion_refused",
            Self::AssertionExpired => "assertion_expired",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials => f.write_str("no bearer token was sent"),
            Self::Request(fault) => fault.fmt(f),
            Self::Token(fault) => fault.fmt(f),
            Self::Scope { required } => {
                write!(f, "the token lacks a scope of {required:?}", required = required.to_string())
            }
            Self::StepUp { .. } | Self::StepUpScope { .. } => {
                f.write_str("the user must sign in again to satisfy a condition")
            }
            Self::Consent { tenant } => write!(f, "consent lacks in tenant {tenant}"),
            Self::Authentication { .. } => f.write_str("the user must sign in more strongly or again"),
            Self::Forbidden(fault) => fault.fmt(f),
            Self::Origin(fault) => fault.fmt(f),
            Self::Session(fault) => fault.fmt(f),
            Self::Unavailable { retry_after } => {
                write!(f, "not available for {} s", retry_after.as_secs())
            }
            Self::Misconfigured => f.write_str("this service is set up wrongly towards Entra"),
            Self::NotWired { missing } => write!(f, "{missing} is missing or in the wrong order"),
        }
    }
}

impl fmt::Display for ForbiddenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppOnly => "the token has no user",
            Self::Policy => "a policy blocks the user or this sign-in",
            Self::Client => "the client is not one of those that may call",
            Self::Role => "the caller has none of the app roles that may call",
            Self::Group => "the caller is in none of the groups that may call",
            Self::GroupsLeftOut => "the token does not list the caller's groups, because they are too many",
            Self::UnlistedTool => "the tool is not one of those that may be called",
            Self::UnlistedMethod => "the method is not one of those that may be called",
            Self::NoDelegatedScope => "a downstream service cannot be called on behalf of a user",
        })
    }
}

impl fmt::Display for RequestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SeveralCredentials => "more than one credential was sent",
            Self::InQuery => "a token stands in the query",
            Self::InForm => "a token stands in a form",
            Self::TooLarge => "the token is too large",
            Self::Malformed => "the Authorization header does not hold one bearer token",
            Self::MalformedMessage => "the body is not one readable JSON-RPC message",
            Self::Batch => "the body holds several messages",
            Self::MessageTooLarge => "the body is too large to be judged",
            Self::HeaderMismatch => "the headers that mirror the message differ from it",
        })
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the token is not a readable JWT",
            Self::Algorithm => "the token's algorithm is not allowed",
            Self::Header => "the token's header asks for something that is not done here",
            Self::UnknownKey => "the token's key is not one of the issuer's",
            Self::KeyOfAnotherIssuer => "the token's key belongs to another issuer",
            Self::Signature => "the token's signature does not match",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::WrongIssuer => "the token comes from another issuer",
            Self::WrongTenant => "the token comes from another tenant",
            Self::WrongAudience => "the token is meant for somebody else",
            Self::KnownResource(resource) => return write!(f, "the token is meant for {resource}"),
            Self::NotAnAccessToken => "the token is neither a user's nor an app's access token",
            Self::ProofOfPossession => "the token is bound to a key whose proof is not checked here",
            Self::AssertionRefused => "Entra no longer accepts the token",
            Self::AssertionExpired => "the token expired before it could be exchanged",
        })
    }
}

impl std::error::Error for Rejection {}

impl From<RequestFault> for Rejection {
    fn from(fault: RequestFault) -> Self {
        Self::Request(fault)
    }
}

impl From<ForbiddenFault> for Rejection {
    fn from(fault: ForbiddenFault) -> Self {
        Self::Forbidden(fault)
    }
}

impl From<TokenFault> for Rejection {
    fn from(fault: TokenFault) -> Self {
        Self::Token(fault)
    }
}
