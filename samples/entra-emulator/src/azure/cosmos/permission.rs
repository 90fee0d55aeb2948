//! Cosmos DB's own role-based access: its roles, its scopes, its way of saying what is missing.

use super::refusal;
use crate::azure::{Action, Call, Caller, Denial};

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Metadata,
    Query,
}

/// Checks a permission for a resource inside the account; `/` is the account itself.
pub(super) fn check(call: &Call, caller: &Caller, wants: Wants, resource: &str) -> Result<(), Denial> {
    let account = call.resource().map_err(|_| refusal::not_found())?;
    let scope = format!("{}/{}", account.id(), resource.trim_matches('/'));
    let azure = &call.shared.state.azure;
    let (action, permitted) = match wants {
        // Whoever may read one container may read what the account says of itself.
        Wants::Metadata => {
            (Action::ReadCosmosMetadata, azure.permits_below(caller, Action::ReadCosmosMetadata, &scope))
        }
        Wants::Query => (Action::QueryCosmos, azure.permits(caller, Action::QueryCosmos, &scope)),
    };
    if permitted { Ok(()) } else { Err(refusal::forbidden(account.name, caller, action, resource)) }
}
