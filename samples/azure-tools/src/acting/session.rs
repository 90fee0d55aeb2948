//! One call of a tool: who acts in it, and what it may reach.

use std::sync::Arc;

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RetryOptions},
};
use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::{Caller, tenant::TenantId};
use mcp_obo::{Downstream, DownstreamError, OutgoingAuth, TokenSource, azure::ActingCredential, outgoing::ActingAs};
use server_kit::failure::{Context, Failure, Who};

use super::{Acting, Identities, Incoming};
use crate::{
    azure::{Azure, Resource},
    failure::{self, Principal, Refused},
    services::Service,
    tools::Spec,
};

/// One call of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    azure: &'a Azure,
    acting: &'a Acting,
    incoming: Incoming<'a>,
    identities: Identities<'a>,
    spec: &'a Spec,
}

/// What is called, and what is known of it, to explain a refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct On<'a> {
    pub(crate) service: Service,
    pub(crate) api: &'a Downstream,
    /// The resource whose data plane it is.
    pub(crate) resource: Option<&'a Resource>,
    /// Where a role would be assigned, where that is not the resource.
    pub(crate) scope: Option<&'a str>,
}

impl<'a> Session<'a> {
    /// Begins a call.
    ///
    /// # Errors
    /// [`Failure`] where a service of the tool cannot be called as whoever would act; nobody has been asked then.
    pub fn begin(
        azure: &'a Azure,
        acting: &'a Acting,
        incoming: Incoming<'a>,
        spec: &'a Spec,
    ) -> Result<Self, Failure> {
        match acting.refusal(spec) {
            Some(refusal) => Err(refusal),
            None => Ok(Self { azure, acting, incoming, identities: acting.identities(incoming, spec), spec }),
        }
    }

    /// Returns what this server calls.
    pub(crate) const fn azure(&self) -> &'a Azure {
        self.azure
    }

    /// Returns as whom a service is called.
    pub(crate) fn acting_as(&self, service: Service) -> ActingAs {
        self.acting.acting_as(service)
    }

    /// Returns the identity that a service is called as.
    pub(crate) fn who(&self, service: Service) -> Result<Arc<dyn TokenSource>, Failure> {
        // Both are handles, which cost nothing to clone.
        let who: Option<Arc<dyn TokenSource>> = match self.acting_as(service) {
            ActingAs::User => self.identities.user.map(|user| Arc::new(user.clone()) as _),
            _ => self.identities.hosting.map(|own| Arc::new(own.clone()) as _),
        };
        who.ok_or_else(|| Failure::no_user(failure::errand(self.spec, service)))
    }

    /// Refuses a tenant other than the one that the acting identity is of.
    pub(crate) async fn check_tenant(&self, given: Option<&str>) -> Result<(), Failure> {
        let Some(given) = given.map(str::trim) else { return Ok(()) };
        let own = match self.tenant() {
            Some(own) => Some(own.to_owned()),
            None => self.tenant_of_token().await?,
        };
        // Nobody can say that of a token which cannot be read; then the service's answer stands for itself.
        if own.is_none_or(|own| given.eq_ignore_ascii_case(&own)) {
            return Ok(());
        }
        Err(Failure::new(
            "wrong_tenant",
            Who::Caller,
            "The tenant in the arguments is not the one of the identity that acts in this call.",
            "Leave tenant out, or sign in to that tenant.",
        ))
    }

    /// The tenant of whoever acts; none where it is not known by its id, which alone can be compared.
    fn tenant(&self) -> Option<&'a str> {
        match (self.acting_as(Service::Arm), self.incoming) {
            (ActingAs::User, Incoming::Http(parts)) => {
                let caller = parts.extensions.get::<Caller>().and_then(Caller::verified);
                caller.and_then(|caller| caller.claims().tenant()).map(TenantId::as_str)
            }
            _ => self.azure.tenant().filter(|own| TenantId::parse(own).is_ok()),
        }
    }

    /// The tenant that the identity's token is of: a developer's tool is asked for none where nobody set one.
    async fn tenant_of_token(&self) -> Result<Option<String>, Failure> {
        let arm = self.azure.arm().target();
        let token = self.who(Service::Arm)?.token(arm).await;
        let token = token.map_err(|error| self.failed(Service::Arm, &error.into()))?;
        Ok(Principal::of_token(token.expose_secret()).and_then(|principal| principal.tenant))
    }

    /// Sends one request to a service, and explains every answer that is not a success.
    pub(crate) async fn call(&self, on: On<'_>, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let who = self.who(on.service)?;
        let answer = on.api.call(&*who, request).await.map_err(|error| self.failed(on.service, &error))?;
        if answer.status().is_success() { Ok(answer) } else { Err(self.explain(on, &answer).await) }
    }

    /// Explains an answer that is not a success.
    pub(crate) async fn explain(&self, on: On<'_>, answer: &Response<Bytes>) -> Failure {
        let principal = match answer.status().as_u16() {
            403 => self.principal(on).await,
            _ => None,
        };
        let refused = Refused {
            spec: self.spec,
            service: on.service,
            acting_as: self.acting_as(on.service),
            resource: on.resource,
            scope: on.scope,
            principal,
            private_zone: self.azure.private_zone(on.service),
        };
        failure::of_answer(answer, &refused)
    }

    /// Explains a call that gave no answer; what signing in can cure becomes a challenge.
    pub(crate) fn failed(&self, service: Service, error: &DownstreamError) -> Failure {
        if let (Incoming::Http(parts), ActingAs::User, true) =
            (self.incoming, self.acting_as(service), error.is_cured_by_sign_in())
        {
            OutgoingAuth::OnBehalfOf.raise(&parts.extensions, error.rejection());
        }
        if let (Incoming::Stdio, DownstreamError::Exchange(error)) = (self.incoming, error)
            && let Some(failure) = Failure::of_this_machine(error)
        {
            return failure;
        }
        failure::of_downstream(error, self.spec, service, &self.context(service))
    }

    /// Returns a service's identity as the Azure SDK wants it.
    pub(crate) fn credential(&self, service: Service) -> Result<Arc<dyn TokenCredential>, Failure> {
        Ok(Arc::new(ActingCredential::new(self.who(service)?)))
    }

    /// Returns the options of an SDK's client that calls one API as the acting identity, over this server's own network.
    ///
    /// A client is made for each call: it keeps the token that it got. It repeats nothing, as no other call here does.
    pub(crate) fn sdk(&self, on: On<'_>) -> Result<ClientOptions, Failure> {
        let transport = mcp_obo::azure::transport_to(on.api, self.who(on.service)?);
        Ok(ClientOptions { transport: Some(transport), retry: RetryOptions::none(), ..ClientOptions::default() })
    }

    /// Explains what an SDK's client failed with, as if its service had been called without it.
    pub(crate) async fn explain_sdk(&self, on: On<'_>, error: azure_core::Error) -> Failure {
        match mcp_obo::azure::failure(error) {
            Ok(answer) if !answer.status().is_success() => self.explain(on, &answer).await,
            Ok(answer) => failure::unreadable(on.service, &answer),
            Err(error) => self.failed(on.service, &error),
        }
    }

    /// Finds out who acted, by the token that has just been used.
    async fn principal(&self, on: On<'_>) -> Option<Principal> {
        let token = self.who(on.service).ok()?.token(on.api.target()).await.ok()?;
        Principal::of_token(token.expose_secret())
    }

    fn context(&self, service: Service) -> Context {
        Context { acting_as: self.acting_as(service), ..self.azure.context().clone() }
    }
}
