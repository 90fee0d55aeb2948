//! The MCP server: one tool, no sessions, plain JSON answers.

use std::sync::Arc;

use http::request::Parts;
use mcp_auth_layer::{
    Caller,
    bypass::{Hatch, OpenHatches},
};
use mcp_obo::{ExchangeError, ExchangeErrorKind, OnBehalfOf, Target};
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
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{
    failure::{Context, Failure},
    graph::{Graph, GraphError},
    health::Health,
    tools::get_messages::{self, Arguments, Call, TokenArgument},
};

const INSTRUCTIONS: &str = "Reads the Microsoft 365 Message Center as the signed-in user. Call getMessages.";

/// What every request shares.
#[derive(Clone, Debug)]
pub struct MessageCenter(pub Arc<Shared>);

/// The server's parts.
#[derive(Debug)]
pub struct Shared {
    /// The API behind the tool.
    pub graph: Graph,
    /// What callers' tokens are exchanged for.
    pub target: Target,
    /// Whether the `accessToken` argument exists.
    pub token_argument: TokenArgument,
    /// `GRAPH_ACCESS_TOKEN`, while its hatch is open.
    pub static_token: Option<SecretString>,
    /// For links in failures.
    pub context: Context,
    /// Where refusals of the credential are noted.
    pub health: Health,
}

/// Why there are no messages.
enum Trouble {
    Exchange(ExchangeError),
    Graph(GraphError),
    Ready(Box<Failure>),
}

impl Shared {
    /// Answers a call.
    async fn get_messages(&self, parts: &Parts, call: Call) -> CallToolResult {
        let answer = match self.lent_token(parts, call.token) {
            Some(token) => self.ask(token.expose_secret(), &call.arguments).await,
            None => self.ask_as_user(parts, &call.arguments).await,
        };
        match answer {
            Ok(body) => success(body),
            Err(Trouble::Ready(failure)) => failure.into_result(),
            Err(Trouble::Graph(error)) => Failure::of_graph(&error).into_result(),
            Err(Trouble::Exchange(error)) => Failure::of_exchange(&error, &self.context).into_result(),
        }
    }

    /// Finds a token that a hatch lends to this call: the argument, whoever calls; or a configured one, if nobody does.
    fn lent_token(&self, parts: &Parts, argument: Option<SecretString>) -> Option<SecretString> {
        let open = |hatch| parts.extensions.get::<OpenHatches>().and_then(|hatches| hatches.get(hatch));
        if let (Some(token), Some(permit)) = (argument, open(Hatch::TokenArgument)) {
            permit.record_use();
            return Some(token);
        }
        match parts.extensions.get::<Caller>() {
            Some(Caller::Foreign(foreign)) => Some(SecretString::from(foreign.bearer().expose_secret())),
            Some(Caller::Anonymous(_)) => {
                let (token, permit) = self.static_token.as_ref().zip(open(Hatch::StaticToken))?;
                permit.record_use();
                Some(token.clone())
            }
            _ => None,
        }
    }

    /// Exchanges the caller's token and asks Graph; its failure is final, no other token is tried.
    async fn ask_as_user(&self, parts: &Parts, arguments: &Arguments) -> Result<Value, Trouble> {
        let Ok(user) = OnBehalfOf::from_extensions(&parts.extensions) else {
            tracing::error!("OboLayer is missing around the MCP service");
            return Err(Trouble::Ready(Box::new(Failure::no_user())));
        };
        let token = self.noted(user, user.token(&self.target).await)?;
        match self.graph.messages(token.expose_secret(), arguments).await {
            // Continuous access evaluation: the token is spent, and Entra says whether the claims can be had without the user.
            Err(GraphError::Challenge { claims, .. }) => {
                user.invalidate(&self.target, &token);
                let token = self.noted(user, user.token_with_claims(&self.target, &claims).await)?;
                self.ask(token.expose_secret(), arguments).await
            }
            // A token that was good a moment ago may have been revoked since; one new one settles it.
            Err(GraphError::Status { status: 401, .. }) => {
                user.invalidate(&self.target, &token);
                let token = self.noted(user, user.token(&self.target).await)?;
                self.ask(token.expose_secret(), arguments).await
            }
            other => other.map_err(Trouble::Graph),
        }
    }

    async fn ask(&self, token: &str, arguments: &Arguments) -> Result<Value, Trouble> {
        self.graph.messages(token, arguments).await.map_err(Trouble::Graph)
    }

    /// Notes what an exchange says about our credential, and raises what only a challenge can repair.
    fn noted<T>(&self, user: &OnBehalfOf, outcome: Result<T, ExchangeError>) -> Result<T, Trouble> {
        match outcome {
            Ok(token) => {
                self.health.credential_accepted();
                Ok(token)
            }
            Err(error) => {
                if error.kind() == ExchangeErrorKind::ClientCredential {
                    self.health.credential_refused();
                }
                if error.kind().is_cured_by_sign_in() {
                    // Answers are single JSON documents here, so the response head is still unsent.
                    user.raise(&error);
                }
                Err(Trouble::Exchange(error))
            }
        }
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
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(own)
            .with_instructions(INSTRUCTIONS)
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
        let result = match Call::read(request.arguments, self.0.token_argument) {
            Ok(call) => self.0.get_messages(parts, call).await,
            Err(error) => Failure::of_arguments(&error).into_result(),
        };
        Ok(result.into())
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
