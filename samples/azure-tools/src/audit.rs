//! Who called which tool, as whom it was run, and what became of it: one event for each call, and one before that for a call that
//! changes something. Where the second of those is missing, this process was killed between them.
//!
//! It stands beside the libraries' own trail, under [`mcp_obo::audit::TARGET`]: theirs names the caller of every request and every
//! exchange, this one joins them with the tool.
//!
//! | field | what |
//! |---|---|
//! | `decision` | `tool_called`; `tool_begun` where the tool changes something |
//! | `tool` | its name |
//! | `outcome` | once it has ended: `ok`, or the kind of the failure; `cancelled` where nobody waited for one that reads |
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

/// Records that a call that changes something begins.
pub(crate) fn begun(acting: &Acting, incoming: Incoming<'_>, spec: &Spec) {
    record("tool_begun", acting, incoming, spec, None);
}

/// Records a call.
pub(crate) fn called(acting: &Acting, incoming: Incoming<'_>, spec: &Spec, outcome: &'static str) {
    record("tool_called", acting, incoming, spec, Some(outcome));
}

fn record(decision: &'static str, acting: &Acting, incoming: Incoming<'_>, spec: &Spec, outcome: Option<&'static str>) {
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
        decision,
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
