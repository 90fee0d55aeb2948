//! How requests leave this machine: proxies, and certificate authorities besides the system's.

use mcp_auth_layer::fetch::Egress;

use super::{Reader, explained};

/// Reads them; see [`Egress::from_variables`].
pub fn read(reader: &mut Reader<'_>) -> Egress {
    match Egress::from_variables(|name| reader.get(name)) {
        Ok(egress) => egress,
        // It names the variable, and what is wrong with it.
        Err(error) => {
            reader.mistake(explained(&error));
            Egress::default()
        }
    }
}
