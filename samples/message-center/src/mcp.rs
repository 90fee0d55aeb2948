//! The MCP server: one tool, no sessions, plain JSON answers.

use std::{sync::Arc, time::Instant};

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
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListPromptsRequestMethod, ListPromptsResult, ListResourceTemplatesRequestMethod, ListResourceTemplatesResult,
        ListResourcesRequestMethod, ListResourcesResult, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
        ServerConfig,
    },
    service::RequestContext,
};
use secrecy::SecretString;
use serde_json::Value;
use server_kit::{
    failure::{Context, Failure},
    health::Health,
};

use crate::{
    failure::{self, ERRAND},
    graph::{Graph, GraphError},
    meter,
    tools::get_messages::{self, Arguments, Call, TokenArgument},
};

const AS_USER: &str = "Reads the Microsoft 365 Message Center as the signed-in user. Call getMessages.";
const AS_SERVER: &str = "Reads the Microsoft 365 Message Center as this server, the same for every caller who may use it. Call getMessages.";

/// What every request shares.
#[derive(Clone, Debug)]
pub struct MessageCenter(pub Arc<Shared>);

/// The server's parts.
#[derive(Debug)]
pub struct Shared {
    /// The API behind the tool.
    pub graph: Graph,
    /// As whom it is called.
    pub outgoing: OutgoingAuth,
    /// Whether the `accessToken` argument exists.
    pub token_argument: TokenArgument,
    /// `GRAPH_ACCESS_TOKEN`, while its hatch is open.
    pub static_token: Option<SecretString>,
    /// For links in failures.
    pub context: Context,
    /// Where refusals of the credential are noted.
    pub health: Health,
}

impl Shared {
    /// Answers a call.
    async fn get_messages(&self, parts: &Parts, call: Call) -> Result<Value, Failure> {
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
    async fn ask_as(&self, who: &dyn TokenSource, arguments: &Arguments, parts: &Parts) -> Result<Value, GraphError> {
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

fn success(body: Value) -> CallToolResult {
    let body = get_messages::with_urls(body);
    let mut result = CallToolResult::success(vec![ContentBlock::text(body.to_string())]);
    result.structured_content = Some(body);
    result
}

impl ServerHandler for MessageCenter {
    fn get_info(&self) -> ServerConfig {
        let own =
            Implementation::new("message-center", env!("CARGO_PKG_VERSION")).with_title("Microsoft 365 Message Center");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(own).with_instructions(
            match self.0.outgoing.acting_as() {
                ActingAs::HostingIdentity => AS_SERVER,
                _ => AS_USER,
            },
        )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list = ListToolsResult::with_all_items(vec![get_messages::tool(self.0.token_argument)]);
        list.ttl_ms = Some(0);
        // What a caller may use is the caller's business: no shared cache may keep it.
        list.cache_scope = Some(CacheScope::Private);
        Ok(list)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name != get_messages::NAME {
            return Err(ErrorData::invalid_params("there is no such tool", None));
        }
        let Some(parts) = context.extensions.get::<Parts>() else {
            return Err(ErrorData::internal_error("this server answers over HTTP only", None));
        };
        let begun = Instant::now();
        let answer = match Call::read(request.arguments, self.0.token_argument) {
            Ok(call) => self.0.get_messages(parts, call).await,
            Err(error) => Err(failure::of_arguments(&error)),
        };
        meter::called(answer.as_ref().map_or_else(|failure| failure.kind, |_| "messages"), begun);
        Ok(answer.map_or_else(Failure::into_result, success).into())
    }

    // Not declared, so not answered: a client that sees an empty list would think that there may be some one day.
    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListPromptsRequestMethod>())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourcesRequestMethod>())
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Err(ErrorData::method_not_found::<ListResourceTemplatesRequestMethod>())
    }
}
