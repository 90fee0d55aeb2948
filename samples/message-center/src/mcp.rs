//! The MCP server: one tool, no sessions, plain JSON answers.

use std::time::Instant;

use http::request::Parts;
use mcp_auth_layer::{
    Caller,
    bypass::{Hatch, OpenHatches},
};
use mcp_obo::{
    DownstreamError, ExchangeError, ExchangeErrorKind, OutgoingAuth, TokenSource, downstream::LentToken,
    outgoing::ActingAs,
};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, Implementation, Tool},
    service::RequestContext,
};
use secrecy::SecretString;
use server_kit::{
    calls::while_awaited,
    failure::{Context, Failure},
    health::Health,
    mcp::{Tools, no_such_tool},
    written,
};

use crate::{
    failure::{self, ERRAND},
    graph::{Graph, GraphError},
    meter,
    tools::get_messages::{self, Arguments, Call, TokenArgument},
};

const AS_USER: &str = "Reads the Microsoft 365 Message Center as the signed-in user. Call getMessages.";
const AS_SERVER: &str = "Reads the Microsoft 365 Message Center as this server, the same for every caller who may use it. Call getMessages.";

/// The server's parts, which all requests share.
#[derive(Debug)]
pub struct MessageCenter {
    /// The API behind the tool.
    pub graph: Graph,
    /// As whom it is called.
    pub outgoing: OutgoingAuth,
    /// What clients are told of the tool; made once.
    pub tool: Tool,
    /// Whether the `accessToken` argument exists.
    pub token_argument: TokenArgument,
    /// `GRAPH_ACCESS_TOKEN`, while its hatch is open.
    pub static_token: Option<SecretString>,
    /// For links in failures.
    pub context: Context,
    /// Where refusals of the credential are noted.
    pub health: Health,
}

impl MessageCenter {
    /// Answers a call.
    async fn get_messages(&self, parts: &Parts, call: Call) -> Result<String, Failure> {
        let answer = match self.lent_token(parts, call.token) {
            Some(lent) => self.graph.messages(&lent, &call.arguments, &parts.headers).await,
            None => match self.outgoing.source(&parts.extensions) {
                Ok(who) => self.ask_as(who, &call.arguments, parts).await,
                // Where it is this server's fault, it has been logged.
                Err(_) => return Err(Failure::no_user(ERRAND)),
            },
        };
        answer.map_err(|error| failure::of_graph(&error, &self.context))
    }

    /// Finds a token that a hatch lends to this call: the argument, whoever calls; or a configured one, if nobody does.
    fn lent_token(&self, parts: &Parts, argument: Option<SecretString>) -> Option<LentToken> {
        let open = |hatch| parts.extensions.get::<OpenHatches>().and_then(|hatches| hatches.get(hatch));
        if let (Some(token), Some(permit)) = (argument, open(Hatch::TokenArgument)) {
            permit.record_use();
            return Some(LentToken::new(permit, token));
        }
        match parts.extensions.get::<Caller>() {
            Some(Caller::Foreign(foreign)) => {
                Some(LentToken::new(foreign.permit(), SecretString::from(foreign.bearer().expose_secret())))
            }
            Some(Caller::Anonymous(_)) => {
                let (token, permit) = self.static_token.as_ref().zip(open(Hatch::StaticToken))?;
                permit.record_use();
                Some(LentToken::new(permit, token.clone()))
            }
            _ => None,
        }
    }

    /// Asks Graph as the one identity that was chosen, whose failure is final: no other token is tried.
    async fn ask_as(&self, who: &dyn TokenSource, arguments: &Arguments, parts: &Parts) -> Result<String, GraphError> {
        let answer = self.graph.messages(who, arguments, &parts.headers).await;
        if let Err(GraphError::Downstream(error)) = &answer {
            let is_refused = |error: &ExchangeError| error.kind() == ExchangeErrorKind::ClientCredential;
            if matches!(error, DownstreamError::Exchange(error) if is_refused(error)) {
                self.health.credential_refused();
            }
            if error.is_cured_by_sign_in() {
                // Answers are single JSON documents here, so the response head is still unsent.
                self.outgoing.raise(&parts.extensions, error.rejection());
            }
        }
        answer
    }
}

impl Tools for MessageCenter {
    fn name(&self) -> Implementation {
        Implementation::new("message-center", env!("CARGO_PKG_VERSION")).with_title("Microsoft 365 Message Center")
    }

    fn instructions(&self) -> &str {
        match self.outgoing.acting_as() {
            ActingAs::HostingIdentity => AS_SERVER,
            _ => AS_USER,
        }
    }

    fn list(&self) -> Vec<Tool> {
        vec![self.tool.clone()]
    }

    async fn call(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name != get_messages::NAME {
            return Err(no_such_tool());
        }
        let Some(parts) = context.extensions.get::<Parts>() else {
            return Err(ErrorData::internal_error("this server answers over HTTP only", None));
        };
        let begun = Instant::now();
        let answer = match Call::read(request.arguments, self.token_argument) {
            // Boxed, because it is large, and what stands around it moves it before it begins.
            Ok(call) => while_awaited(&context, Box::pin(self.get_messages(parts, call))).await,
            Err(error) => Err(failure::of_arguments(&error)),
        };
        meter::called(answer.as_ref().map_or_else(|failure| failure.kind, |_| "messages"), begun);
        let result = match answer {
            Ok(messages) => written::success(parts, messages)?,
            Err(failure) => failure.into_result(),
        };
        Ok(result.into())
    }
}
