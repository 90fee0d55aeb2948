//! What went wrong with a call: for the model, for the person, and for the administrator.
//!
//! Every failure has a kind that a program can read, a cause, a cure, and who can apply it. Raw texts of Entra and Graph do not
//! go out; their ids do, because support asks for them.

use mcp_auth_layer::fetch::{FetchError, TransportFault};
use mcp_obo::{DownstreamError, ExchangeError, ExchangeErrorKind, outgoing::ActingAs};
use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::json;

use crate::{graph::GraphError, tools::get_messages::ArgumentError};

/// A failed call, as the caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A stable word.
    pub kind: &'static str,
    /// What happened.
    pub cause: String,
    /// What to do.
    pub cure: String,
    /// Who can do that.
    pub who: &'static str,
    /// Where to do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When to try again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What to quote to support.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

const CALLER: &str = "you";
const ADMINISTRATOR: &str = "an administrator of the tenant";
const OPERATOR: &str = "the operator of this server";
const NOBODY: &str = "nobody; it passes";

/// What a failure's texts need to know about this server.
#[derive(Clone, Debug)]
pub struct Context {
    /// `{authority}/{tenant}`, for links.
    pub tenant_url: String,
    /// This server's app.
    pub client_id: String,
    /// As whom Graph is called.
    pub acting_as: ActingAs,
}

impl Failure {
    fn new(kind: &'static str, who: &'static str, cause: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), cure: cure.into(), who, link: None, retry_after: None, ids: Vec::new() }
    }

    /// A call without a user, and without a token that a hatch lends.
    #[must_use]
    pub fn no_user() -> Self {
        Self::new(
            "no_user",
            CALLER,
            "The call has no signed-in user, so there is nobody to read the Message Center as.",
            "Sign in and send an access token for this server.",
        )
    }

    /// Explains bad arguments.
    #[must_use]
    pub fn of_arguments(error: &ArgumentError) -> Self {
        match error {
            ArgumentError::TokenDisabled => Self::new(
                "accessToken_disabled",
                OPERATOR,
                "This server does not accept a Graph token as an argument.",
                "Leave accessToken out: the server exchanges your own sign-in (On-Behalf-Of). For tests an operator can set \
                 ALLOW_MCP_ACCESS_TOKEN_ARG=true.",
            ),
            other => Self::new("invalid_arguments", CALLER, other.to_string(), "Correct the arguments and call again."),
        }
    }

    /// Explains a call to Graph that failed, or the exchange before it.
    #[must_use]
    pub fn of_graph(error: &GraphError, context: &Context) -> Self {
        let mut failure = match error {
            GraphError::Downstream(DownstreamError::Exchange(error)) => return Self::of_exchange(error, context),
            GraphError::Downstream(error) => downstream(error, context.acting_as),
            GraphError::Status { status, message, .. } => graph_status(*status, message.as_deref(), context.acting_as),
            GraphError::Unreadable { .. } => graph_unreadable(),
        };
        failure.ids = error.request_id().map(|id| format!("Graph request id {id}")).into_iter().collect();
        failure
    }

    fn of_exchange(error: &ExchangeError, context: &Context) -> Self {
        let mut failure = exchange(error, context);
        failure.retry_after = error.retry_after().map(|wait| wait.as_secs());
        failure.ids = [("AADSTS", error.aadsts_code().map(|code| code.to_string()))]
            .into_iter()
            .chain([("trace id ", error.trace_id().map(str::to_owned))])
            .chain([("correlation id ", error.correlation_id().map(str::to_owned))])
            .filter_map(|(name, id)| id.map(|id| format!("{name}{id}")))
            .collect();
        failure
    }

    /// Makes the tool's result: an error, readable by programs and by people.
    #[must_use]
    pub fn into_result(self) -> CallToolResult {
        let mut text = format!("{} {} (who: {})", self.cause, self.cure, self.who);
        for part in self.link.iter().chain(&self.ids) {
            text.push('\n');
            text.push_str(part);
        }
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        result.structured_content = Some(json!({"error": self}));
        result
    }
}

fn exchange(error: &ExchangeError, context: &Context) -> Failure {
    use ExchangeErrorKind as Kind;
    match error.kind() {
        Kind::NoUser => Failure::no_user(),
        Kind::NotAUser => Failure::new(
            "app_only",
            CALLER,
            "The token is an application's; there is no user to act for.",
            "Sign in as a user.",
        ),
        Kind::StepUp => Failure::new(
            "interaction_required",
            CALLER,
            "The tenant asks for another sign-in, with multi-factor authentication or from a managed device, before this \
             server may act for you.",
            "Sign in again, and satisfy what you are asked for.",
        ),
        Kind::Consent => consent(error, context),
        Kind::BlockedByPolicy => Failure::new(
            "blocked_by_policy",
            ADMINISTRATOR,
            "A Conditional Access policy, or the state of the account, blocks this sign-in.",
            "Ask which policy applies; the ids below find the attempt in the sign-in log. Signing in again does not help.",
        ),
        Kind::AssertionRefused | Kind::AssertionExpired => Failure::new(
            "sign_in_expired",
            CALLER,
            "Entra no longer accepts the sign-in behind this call.",
            "Sign in again.",
        ),
        Kind::Throttled => {
            Failure::new("throttled", NOBODY, "Entra asks for a pause.", "Try again after the time given.")
        }
        Kind::Unavailable => unavailable("Entra", error.transport()),
        Kind::ClientCredential => Failure::new(
            "client_credential",
            OPERATOR,
            "Entra refused this server's own credential.",
            match context.acting_as {
                ActingAs::HostingIdentity => "Repair the hosting identity's credential; the log names the code.",
                _ => {
                    "Renew this server's credential (client secret, certificate or federated trust) at its app registration; the log names the \
                      code."
                }
            },
        ),
        Kind::NoDelegatedScope => Failure::new(
            "no_delegated_scope",
            OPERATOR,
            "The service behind this call cannot be called on behalf of a user.",
            error.advice(),
        ),
        _ => Failure::new(
            "configuration",
            OPERATOR,
            "This server asks Entra for something that is not set up.",
            "Read the server's log; the ids below find the attempt.",
        ),
    }
}

/// Several things go by this name, and admin consent alone does not cure all of them: a registration may lack the permission, or
/// the tenant the API.
fn consent(error: &ExchangeError, context: &Context) -> Failure {
    let mut failure = Failure::new(
        "consent_required",
        ADMINISTRATOR,
        "Consent is missing: this server's app may not yet read the Message Center for the users of the tenant (delegated \
         permission ServiceMessage.Read.All of Microsoft Graph, which needs an administrator).",
        format!(
            "What helps here: {}; admin consent is granted at the link below. Signing in again does not help.",
            error.advice()
        ),
    );
    failure.link = Some(format!("{}/adminconsent?client_id={}", context.tenant_url, context.client_id));
    failure
}

fn downstream(error: &DownstreamError, acting_as: ActingAs) -> Failure {
    match error {
        DownstreamError::Transport(source) => match source.downcast_ref() {
            Some(FetchError::TooLarge { .. }) => Failure::new(
                "graph_too_large",
                CALLER,
                "Microsoft Graph's answer is larger than this server reads.",
                "Ask for fewer messages: a smaller page in prefer, or top.",
            ),
            Some(FetchError::Busy { .. }) => Failure::new(
                "busy",
                NOBODY,
                "This server has as many calls to Microsoft Graph under way as it allows.",
                "Try again in a moment.",
            ),
            _ => unavailable("Microsoft Graph", error.fault()),
        },
        // No caller can sign in for the server.
        DownstreamError::Challenge { .. } if acting_as == ActingAs::HostingIdentity => Failure::new(
            "identity_challenged",
            OPERATOR,
            "Microsoft Graph asks more of this server's own identity than its token has.",
            "Look for a Conditional Access policy for workload identities, or a risk that was found; the sign-in log of the \
             identity names it.",
        ),
        DownstreamError::Challenge { .. } => Failure::new(
            "interaction_required",
            CALLER,
            "Microsoft Graph asks for another sign-in before it answers.",
            "Sign in again, and satisfy what you are asked for.",
        ),
        DownstreamError::Paused { status, retry_after, .. } => {
            let mut failure = graph_status(status.as_u16(), None, acting_as);
            failure.retry_after = Some(retry_after.as_secs());
            failure
        }
        // A token that cannot even be written into a header is one that Graph would refuse.
        DownstreamError::Token => graph_status(401, None, acting_as),
        other => Failure::new(
            "configuration",
            OPERATOR,
            format!("Microsoft Graph was not called: {other}."),
            "Read the server's log.",
        ),
    }
}

fn graph_unreadable() -> Failure {
    Failure::new(
        "graph_unreadable",
        NOBODY,
        "Microsoft Graph answered with something that is not a message list.",
        "Try again later.",
    )
}

fn graph_status(status: u16, message: Option<&str>, acting_as: ActingAs) -> Failure {
    match status {
        400 => Failure::new(
            "graph_bad_request",
            CALLER,
            format!("Microsoft Graph does not understand the query: {}", message.unwrap_or("no reason was given")),
            "Correct the filter or the order and call again.",
        ),
        401 => graph_unauthorized(acting_as),
        403 => graph_forbidden(acting_as),
        404 => Failure::new(
            "graph_not_found",
            OPERATOR,
            "Microsoft Graph does not know this address.",
            "Check GRAPH_BASE_URL.",
        ),
        429 => {
            Failure::new("throttled", NOBODY, "Microsoft Graph asks for a pause.", "Try again after the time given.")
        }
        500..=599 => Failure::new(
            "graph_unavailable",
            NOBODY,
            format!("Microsoft Graph failed with status {status}."),
            "Try again later.",
        ),
        _ => Failure::new(
            "graph_unexpected",
            OPERATOR,
            format!("Microsoft Graph answered with status {status}."),
            "Read the server's log.",
        ),
    }
}

fn graph_unauthorized(acting_as: ActingAs) -> Failure {
    let (who, cause, cure) = match acting_as {
        ActingAs::HostingIdentity => (
            OPERATOR,
            "Microsoft Graph refused the token of this server's own identity.",
            "Check that AZURE_CLOUD and GRAPH_BASE_URL are those of the identity's tenant.",
        ),
        _ => (
            ADMINISTRATOR,
            "Microsoft Graph refused the token that this server got for you.",
            "Three causes are known: the app registration lacks the delegated permission ServiceMessage.Read.All; consent to \
             it was not granted; or the exchange is set up for another audience or token version (GRAPH_OBO_SCOPES).",
        ),
    };
    Failure::new("graph_unauthorized", who, cause, cure)
}

fn graph_forbidden(acting_as: ActingAs) -> Failure {
    let (cause, cure) = match acting_as {
        ActingAs::HostingIdentity => (
            "This server's own identity may not read the Message Center.",
            "Its service principal needs the application permission ServiceMessage.Read.All of Microsoft Graph, with admin \
             consent.",
        ),
        _ => (
            "You are signed in, but may not read the Message Center.",
            "The role Message Center Reader (or another that includes it) must be assigned to you, in the Microsoft 365 admin \
             center under Roles, by a Global or Privileged Role Administrator.",
        ),
    };
    Failure::new("forbidden_role", ADMINISTRATOR, cause, cure)
}

/// Says what failed on the way, in the words of the authentication guide.
fn unavailable(whom: &str, fault: Option<TransportFault>) -> Failure {
    let Some(fault) = fault else {
        return Failure::new(
            "upstream_unavailable",
            NOBODY,
            format!("{whom} is not available now."),
            "Try again later.",
        );
    };
    let cure = match fault {
        TransportFault::Dns => {
            "The server's DNS does not know the host: check DNS, and the private zone of a private endpoint."
        }
        TransportFault::ConnectTimeout => "A firewall drops the connection: allow TCP 443 from the server to the host.",
        TransportFault::Refused => "Nothing listens there, or a firewall refuses: check the address and the rules.",
        TransportFault::TlsUntrusted => {
            "The certificate's authority is not trusted: add the corporate CA (SSL_CERT_FILE)."
        }
        TransportFault::TlsOther => "The TLS handshake failed: check what stands between the server and the host.",
        TransportFault::Proxy => "The proxy did not connect: check HTTPS_PROXY and NO_PROXY.",
        TransportFault::Timeout => "The answer took too long; try again, then check the path to the host.",
        _ => "The connection broke; try again.",
    };
    Failure::new(fault.kind(), OPERATOR, format!("{whom} could not be reached: {fault}."), cure)
}
