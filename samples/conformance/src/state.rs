//! What a call must remember between its rounds, sealed, because the client carries it.

use rmcp::{
    ErrorData,
    model::{RequestStateCodec, RequestStateError, SealOptions},
};
use uuid::Uuid;

/// Seals and opens `requestState`.
#[derive(Clone, Debug)]
pub(crate) struct States(RequestStateCodec);

impl States {
    /// Makes a key that lives as long as this process.
    pub(crate) fn new() -> Result<Self, RequestStateError> {
        let key = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        RequestStateCodec::try_new(key).map(Self)
    }

    /// Seals the number of the round that was just asked for; bound to the tool, so that no other takes it.
    pub(crate) fn seal(&self, tool: &str, round: u8) -> String {
        self.0.seal_with(&[round], &SealOptions::new().associated_data(tool.as_bytes()))
    }

    /// Opens it again; no state is round zero.
    pub(crate) fn open(&self, tool: &str, state: Option<&str>) -> Result<u8, ErrorData> {
        let Some(state) = state else { return Ok(0) };
        let refused = || ErrorData::invalid_params("requestState was not made by this server for this tool", None);
        let payload = self.0.open_with(state, tool.as_bytes()).map_err(|_| refused())?;
        payload.first().copied().ok_or_else(refused)
    }
}
