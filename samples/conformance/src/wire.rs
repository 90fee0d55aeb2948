//! MCP values written as JSON, which is how the suite describes what it expects.

use rmcp::ErrorData;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A PNG of one red pixel.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

/// A WAV of no samples: RIFF, `fmt ` for 8 kHz mono of 8 bits, and an empty `data`.
pub(crate) const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

/// Reads a value that this crate wrote; one that is not MCP is this server's fault, not the caller's.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
