//! Who called which tool, as whom it was run, and what became of it: one event for each call.
//!
//! It stands beside the libraries' own trail, under [`mcp_obo::audit::TARGET`]: theirs names the caller of every request and every
//! exchange, this one joins them with the tool.
//!
//! | field | what |
//! |---|---|
//! | `decision` | `tool_called` |
//! | `tool` | its name |
//! | `outcome` | `ok`, or the kind of the failure; `cancelled` where a call that reads ended because its caller left |
//! | `service` | the service that the tool is for |
//! | `acting_as` | `user`, or `hosting_identity` |
//! | `identity` | who that is, where it is this server |
//! | `tid`, `oid`, `azp` | the caller and the client; absent where nobody is known |

use mcp_auth_layer::{Caller, tenant::TenantId};
use mcp_obo::{audit::TARGET, outgoing::ActingAs};

use crate::{
    acting::{Acting, Incoming},
    tools::Spec,
};

/// Records a call.
pub(crate) fn called(acting: &Acting, incoming: Incoming<'_>, spec: &Spec, outcome: &'static str) {
    let caller = match incoming {
        Incoming::Http(parts) => parts.extensions.get::<Caller>().and_then(Caller::verified),
        Incoming::Stdio => None,
    };
    let claims = caller.map(|caller| caller.claims());
    let service = spec.service();
    let acting_as = acting.acting_as(service);
    let own = acting.hosting.as_ref().filter(|_| acting_as == ActingAs::HostingIdentity);
    tracing::info!(
        target: TARGET,
        decision = "tool_called",
        tool = spec.name,
        outcome,
        service = service.name(),
        acting_as = acting_as.as_str(),
        identity = own.map(|identity| identity.description()),
        tid = claims.and_then(|claims| claims.tenant()).map(TenantId::as_str),
        oid = claims.and_then(|claims| claims.object_id()),
        azp = claims.and_then(|claims| claims.client_id()),
    );
}
