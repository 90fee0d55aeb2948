//! Variables of the contract that this version does not honour: said, never silently ignored.

use server_kit::settings::Reader;

/// Ignoring one of these would be unsafe, or the opposite of what was asked for.
const REFUSED: [(&str, &str); 1] = [("MCP_TOOLS", "there is one tool in this version, getMessages")];

/// These only tune what is not there yet.
const WARNED: [&str; 1] = ["OTEL_EXPORTER_OTLP_ENDPOINT"];

pub(super) fn read(reader: &mut Reader<'_>) {
    for (name, why) in REFUSED {
        if reader.is_set(name) {
            reader.mistake(format!("{name}: {why}"));
        }
    }
    for name in WARNED {
        if reader.is_set(name) {
            reader.warn(format!("{name}: not used by this version"));
        }
    }
}
