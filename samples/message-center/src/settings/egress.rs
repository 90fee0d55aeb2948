//! How requests leave this machine: proxies, and certificate authorities besides the system's.

use mcp_auth_layer::fetch::Egress;

use super::reader::Reader;

pub(super) fn read(reader: &mut Reader<'_>) -> Egress {
    match Egress::from_variables(|name| reader.get(name)) {
        Ok(egress) => egress,
        // It names the variable, and what is wrong with it.
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            reader.mistake(format!("{error}{cause}"));
            Egress::default()
        }
    }
}
