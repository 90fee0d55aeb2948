//! How requests leave this machine: proxies, and certificate authorities besides the system's.

use mcp_auth_layer::fetch::Egress;

use super::reader::{Reader, explained};

pub(super) fn read(reader: &mut Reader<'_>) -> Egress {
    match Egress::from_variables(|name| reader.get(name)) {
        Ok(egress) => egress,
        // It names the variable, and what is wrong with it.
        Err(error) => {
            reader.mistake(explained(&error));
            Egress::default()
        }
    }
}
