//! What this server gives out of its hands and reads again: JSON, sealed, in base64url.

use base64::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::seal::{KeyRing, Purpose};

/// Bound to its purpose by its key already; there is nothing else to bind it to.
const NO_CONTEXT: &[u8] = &[];

/// A value that cannot be sealed, because it is longer than anything that is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is too long to be sealed")]
pub(super) struct TooLong;

pub(super) fn seal<T: Serialize>(ring: &KeyRing, purpose: Purpose, value: &T) -> Result<String, TooLong> {
    let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| TooLong)?);
    let sealed = ring.seal(purpose, NO_CONTEXT, &plain).map_err(|_| TooLong)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens what this server has sealed for this purpose; nothing else opens.
pub(super) fn open<T: DeserializeOwned>(ring: &KeyRing, purpose: Purpose, text: &str) -> Option<T> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = ring.open(purpose, NO_CONTEXT, &sealed)?;
    serde_json::from_slice(&plain).ok()
}
