//! What went wrong with a call of `getMessages`, in words.

use mcp_auth_layer::fetch::FetchError;
use mcp_obo::{DownstreamError, outgoing::ActingAs};
use server_kit::failure::{Context, Errand, Failure, Who};

use crate::{graph::GraphError, tools::get_messages::ArgumentError};

/// What callers want of Microsoft Graph.
pub const ERRAND: Errand<'static> = Errand {
    what: "read the Message Center",
    permission: "ServiceMessage.Read.All of Microsoft Graph, which needs an administrator",
};

const GRAPH: &str = "Microsoft Graph";

/// Explains bad arguments.
#[must_use]
pub fn of_arguments(error: &ArgumentError) -> Failure {
    match error {
        ArgumentError::TokenDisabled => Failure::new(
            "accessToken_disabled",
            Who::Operator,
            "This server does not accept a Graph token as an argument.",
            "Leave accessToken out: the server exchanges your own sign-in (On-Behalf-Of). For tests an operator can set \
             ALLOW_MCP_ACCESS_TOKEN_ARG=true.",
        ),
        other => {
            Failure::new("invalid_arguments", Who::Caller, other.to_string(), "Correct the arguments and call again.")
        }
    }
}

/// Explains a call to Graph that failed, or the exchange before it.
#[must_use]
pub fn of_graph(error: &GraphError, context: &Context) -> Failure {
    let mut failure = match error {
        GraphError::Downstream(DownstreamError::Exchange(error)) => {
            return Failure::of_exchange(error, ERRAND, context);
        }
        GraphError::Downstream(error) => downstream(error, context.acting_as),
        GraphError::Status { status, message, .. } => graph_status(*status, message.as_deref(), context.acting_as),
        GraphError::Unreadable { .. } => graph_unreadable(),
    };
    failure.ids = error.request_id().map(|id| format!("Graph request id {id}")).into_iter().collect();
    failure
}

fn downstream(error: &DownstreamError, acting_as: ActingAs) -> Failure {
    match error {
        DownstreamError::Transport(source) => match source.downcast_ref() {
            Some(FetchError::TooLarge { .. }) => Failure::new(
                "graph_too_large",
                Who::Caller,
                "Microsoft Graph's answer is larger than this server reads.",
                "Ask for fewer messages: a smaller page in prefer, or top.",
            ),
            Some(FetchError::Busy { .. }) => Failure::busy(GRAPH),
            _ => Failure::unavailable(GRAPH, error.fault()),
        },
        DownstreamError::Challenge { .. } => Failure::challenged(GRAPH, acting_as),
        DownstreamError::Paused { status, retry_after, .. } => {
            graph_status(status.as_u16(), None, acting_as).after(*retry_after)
        }
        // A token that cannot even be written into a header is one that Graph would refuse.
        DownstreamError::Token => graph_status(401, None, acting_as),
        other => Failure::new(
            "configuration",
            Who::Operator,
            format!("Microsoft Graph was not called: {other}."),
            "Read the server's log.",
        ),
    }
}

fn graph_unreadable() -> Failure {
    Failure::new(
        "graph_unreadable",
        Who::Nobody,
        "Microsoft Graph answered with something that is not a message list.",
        "Try again later.",
    )
}

fn graph_status(status: u16, message: Option<&str>, acting_as: ActingAs) -> Failure {
    match status {
        400 => Failure::new(
            "graph_bad_request",
            Who::Caller,
            format!("Microsoft Graph does not understand the query: {}", message.unwrap_or("no reason was given")),
            "Correct the filter or the order and call again.",
        ),
        401 => graph_unauthorized(acting_as),
        403 => graph_forbidden(acting_as),
        404 => Failure::new(
            "graph_not_found",
            Who::Operator,
            "Microsoft Graph does not know this address.",
            "Check GRAPH_BASE_URL.",
        ),
        429 => Failure::new(
            "throttled",
            Who::Nobody,
            "Microsoft Graph asks for a pause.",
            "Try again after the time given.",
        ),
        500..=599 => Failure::new(
            "graph_unavailable",
            Who::Nobody,
            format!("Microsoft Graph failed with status {status}."),
            "Try again later.",
        ),
        _ => Failure::new(
            "graph_unexpected",
            Who::Operator,
            format!("Microsoft Graph answered with status {status}."),
            "Read the server's log.",
        ),
    }
}

fn graph_unauthorized(acting_as: ActingAs) -> Failure {
    let (who, cause, cure) = match acting_as {
        ActingAs::HostingIdentity => (
            Who::Operator,
            "Microsoft Graph refused the token of this server's own identity.",
            "Check that AZURE_CLOUD and GRAPH_BASE_URL are those of the identity's tenant.",
        ),
        _ => (
            Who::Administrator,
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
    Failure::new("forbidden_role", Who::Administrator, cause, cure)
}
