//! One call of a tool: who acts in it, and what it may reach.

use std::num::NonZeroUsize;

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::Caller;
use mcp_obo::{Downstream, DownstreamError, OutgoingAuth, TokenSource, outgoing::ActingAs};
use serde_json::Value;
use server_kit::failure::{Context, Failure, Who};

use super::{Acting, Identities, Incoming};
use crate::{azure::Azure, failure, services::Service, tools::Spec};

/// More pages than anybody reads; a list that is longer is an error and not a shorter list.
const MAX_PAGES: NonZeroUsize = NonZeroUsize::new(50).expect("not zero");

/// One call of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Session<'a> {
    azure: &'a Azure,
    acting: &'a Acting,
    incoming: Incoming<'a>,
    identities: Identities<'a>,
    spec: &'a Spec,
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
    pub(crate) fn who(&self, service: Service) -> Result<&'a dyn TokenSource, Failure> {
        let who = match self.acting_as(service) {
            ActingAs::User => self.identities.user.map(|user| user as &dyn TokenSource),
            _ => self.identities.hosting.map(|own| own as &dyn TokenSource),
        };
        who.ok_or_else(|| Failure::no_user(failure::errand(self.spec, service)))
    }

    /// Refuses a tenant other than the one that the acting identity is of.
    pub(crate) fn check_tenant(&self, given: Option<&str>) -> Result<(), Failure> {
        let (Some(given), Some(own)) = (given, self.tenant()) else { return Ok(()) };
        if given.trim().eq_ignore_ascii_case(own) {
            return Ok(());
        }
        Err(Failure::new(
            "wrong_tenant",
            Who::Caller,
            "The tenant in the arguments is not the one of the identity that acts in this call.",
            "Leave tenant out, or sign in to that tenant.",
        ))
    }

    fn tenant(&self) -> Option<&'a str> {
        let caller = match self.incoming {
            Incoming::Http(parts) => parts.extensions.get::<Caller>().and_then(Caller::verified),
            Incoming::Stdio => None,
        };
        let tenant = caller.and_then(|caller| caller.claims().tenant()).map(|tenant| tenant.as_str());
        tenant.or_else(|| self.azure.tenant())
    }

    /// Reads a whole list of Resource Manager's, the items of all pages.
    pub(crate) async fn arm_list(&self, path: &str) -> Result<Vec<Value>, Failure> {
        let arm = self.azure.arm();
        let mut pages = arm.pages(self.who(Service::Arm)?, get(path)?, MAX_PAGES);
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            let mut page = page.map_err(|error| self.failed(Service::Arm, &error))?;
            items.extend(page["value"].as_array_mut().map(std::mem::take).unwrap_or_default());
        }
        Ok(items)
    }

    /// Reads one record of Resource Manager's.
    pub(crate) async fn arm_get(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.call(Service::Arm, self.azure.arm(), get(path)?).await?;
        serde_json::from_slice(answer.body()).map_err(|_| failure::unreadable(Service::Arm, &answer))
    }

    /// Sends one request to a service, and explains every answer that is not a success.
    pub(crate) async fn call(
        &self,
        service: Service,
        api: &Downstream,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Failure> {
        let answer = api.call(self.who(service)?, request).await.map_err(|error| self.failed(service, &error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(failure::of_answer(&answer, self.spec, service, &self.context(service)))
    }

    /// Explains a call that gave no answer; what signing in can cure becomes a challenge.
    pub(crate) fn failed(&self, service: Service, error: &DownstreamError) -> Failure {
        if let (Incoming::Http(parts), ActingAs::User, true) =
            (self.incoming, self.acting_as(service), error.is_cured_by_sign_in())
        {
            OutgoingAuth::OnBehalfOf.raise(&parts.extensions, error.rejection());
        }
        failure::of_downstream(error, self.spec, service, &self.context(service))
    }

    fn context(&self, service: Service) -> Context {
        Context { acting_as: self.acting_as(service), ..self.azure.context().clone() }
    }
}

/// Asks for a path below the service's own address.
pub(crate) fn get(path: &str) -> Result<Request<Bytes>, Failure> {
    Request::get(path).body(Bytes::new()).map_err(|_| failure::address())
}
