//! Who may do what in a vault: by its own list of readers, or by a role at Azure.

use super::refusal;
use crate::{
    azure::{Action, Call, Caller, Denial, Site},
    vault::Vault,
};

/// The newest version with a number; later ones are named by their day.
const NEWEST_NUMBERED: u32 = 6;
/// The first version that is named by its day and knows all that is served here.
const FIRST_DATED: &str = "2025-07-01";

/// A caller at a vault.
pub(super) struct Access<'a> {
    pub(super) vault: &'a Vault,
    caller: &'a Caller,
    /// The vault's id at Azure.
    id: String,
}

impl<'a> Access<'a> {
    pub(super) fn of(call: &'a Call, caller: &'a Caller) -> Result<Self, Denial> {
        let state = &call.shared.state;
        let loopback = Site::Vault("contoso-vault".to_owned());
        let resource = state.azure.at(call.base.site().unwrap_or(&loopback));
        let resource = resource.ok_or_else(|| refusal::not_found("vault", call.base.host()))?;
        Ok(Self { vault: state.vault(resource.name), caller, id: resource.id() })
    }

    pub(super) fn check(&self, call: &Call, action: Action) -> Result<(), Denial> {
        let listed = self.caller.is_app() && self.vault.may_read(&self.caller.client_id);
        if listed || call.shared.state.azure.permits(self.caller, action, &self.id) {
            return Ok(());
        }
        Err(refusal::forbidden(self.caller, action, &self.id))
    }
}

pub(super) fn check_version(call: &Call) -> Result<(), Denial> {
    let Some(version) = call.parameter("api-version") else {
        return Err(refusal::bad_parameter("api-version must be specified"));
    };
    let numbered = version.strip_prefix("7.").and_then(|minor| minor.parse::<u32>().ok());
    let day = version.strip_suffix("-preview").unwrap_or(version);
    let dated = day.parse::<jiff::civil::Date>().is_ok() && day >= FIRST_DATED;
    if dated || numbered.is_some_and(|minor| minor <= NEWEST_NUMBERED) {
        return Ok(());
    }
    Err(refusal::bad_parameter("api-version is not supported"))
}
