//! What this server gives out of its hands and reads again: JSON, sealed, in base64url.

use base64::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::seal::{KeyRing, Purpose};

/// A value that cannot be sealed, because it is longer than anything that is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is too long to be sealed")]
pub(super) struct TooLong;

/// Seals for a purpose and a place: only under the same name it opens again.
pub(super) fn seal<T: Serialize>(ring: &KeyRing, purpose: Purpose, name: &str, value: &T) -> Result<String, TooLong> {
    let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| TooLong)?);
    let sealed = ring.seal(purpose, name.as_bytes(), &plain).map_err(|_| TooLong)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// Opens what this server has sealed for this purpose under this name; nothing else opens.
pub(super) fn open<T: DeserializeOwned>(ring: &KeyRing, purpose: Purpose, name: &str, text: &str) -> Option<T> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = ring.open(purpose, name.as_bytes(), &sealed)?;
    serde_json::from_slice(&plain).ok()
}
