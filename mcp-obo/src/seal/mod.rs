//! The keys under which this service seals what it gives out of its hands.
//!
//! One [`KeyRing`] serves everything that is sealed. Its first key seals and all of them open, so keys are changed without
//! losing anything: put the new key at the *end* of every replica's list, then at its front, and drop the old one when nothing
//! that it sealed can be alive. In one step, replicas that do not have the new key yet could not read what the others write,
//! which costs exchanges; and a user whom such a replica forgets would not be forgotten by the others, because it cannot name
//! what they go by.
//!
//! What is sealed for one purpose opens for no other.

mod error;
mod key;
mod purpose;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

pub use self::error::RingError;
pub(crate) use self::{error::SealError, purpose::Purpose};
use self::{
    error::{KEY_BYTES, MAX_KEYS},
    key::SealingKey,
};

/// The longest text that is sealed: room for the largest token, and none for abuse.
pub(crate) const MAX_PLAIN: usize = 64 << 10;

/// The keys that seal and open, newest first.
///
/// Cloning is cheap. Printing it shows how many keys there are.
#[derive(Clone)]
pub struct KeyRing(Arc<[SealingKey]>);

impl KeyRing {
    /// Reads keys: 32 bytes each, in base64, with commas between them.
    ///
    /// Either alphabet will do. The first key seals, all open.
    ///
    /// `openssl rand -base64 32` makes one.
    ///
    /// # Errors
    /// [`RingError`], which names an entry by its place and never by its text: an empty list or entry, what is not base64, a
    /// key of another length, one that is plainly not random, the same key twice, more than eight keys.
    pub fn parse(text: &str) -> Result<Self, RingError> {
        if text.trim().is_empty() {
            return Err(RingError::Empty);
        }
        let mut keys: Vec<Zeroizing<[u8; KEY_BYTES]>> = Vec::new();
        for (entry, position) in text.split(',').zip(1..) {
            if position > MAX_KEYS {
                return Err(RingError::TooMany);
            }
            let key = read(entry.trim(), position)?;
            if let Some(first) = keys.iter().position(|other| *other == key) {
                return Err(RingError::Repeated { position, first: first + 1 });
            }
            keys.push(key);
        }
        Ok(Self(keys.iter().map(|key| SealingKey::new(key)).collect()))
    }

    /// Makes a ring of one random key, which is gone with the process.
    #[must_use]
    pub fn ephemeral() -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        // aws-lc ends the process rather than return without entropy.
        aws_lc_rs::rand::fill(key.as_mut()).expect("the operating system's random source works");
        Self(Arc::new([SealingKey::new(&key)]))
    }

    /// Seals under the first key.
    ///
    /// `context` is not kept, but must be the same for opening.
    ///
    /// # Errors
    /// [`SealError`] for a text beyond [`MAX_PLAIN`].
    pub(crate) fn seal(&self, purpose: Purpose, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        if plain.len() > MAX_PLAIN {
            return Err(SealError::TooLong);
        }
        self.first().seal(purpose, context, plain)
    }

    /// Opens what any of the keys has sealed for this purpose and context, and nothing else.
    pub(crate) fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if sealed.len() > MAX_PLAIN + key::OVERHEAD {
            return None;
        }
        self.0.iter().find_map(|key| key.open(purpose, context, sealed))
    }

    /// Returns names for `data` that say nothing about it without the ring: the sealing key's, and the others'.
    pub(crate) fn names(&self, purpose: Purpose, data: &[u8]) -> ([u8; 32], impl Iterator<Item = [u8; 32]>) {
        (self.first().name(purpose, data), self.0.iter().skip(1).map(move |key| key.name(purpose, data)))
    }

    fn first(&self) -> &SealingKey {
        self.0.first().expect("no constructor makes a ring without a key")
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("keys", &self.0.len()).finish_non_exhaustive()
    }
}

fn read(entry: &str, position: usize) -> Result<Zeroizing<[u8; KEY_BYTES]>, RingError> {
    if entry.is_empty() {
        return Err(RingError::Blank { position });
    }
    let alphabet = if entry.contains(['-', '_']) { alphabet::URL_SAFE } else { alphabet::STANDARD };
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    // The decoder's error quotes a byte of the key, so it goes no further.
    let decoded = GeneralPurpose::new(&alphabet, lenient).decode(entry).map_err(|_| RingError::Base64 { position })?;
    let bytes = Zeroizing::new(decoded);
    let length = RingError::Length { position, bytes: bytes.len() };
    let key = Zeroizing::new(<[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| length)?);
    // `AAAA…`, as it stands in examples.
    if key.iter().all(|byte| *byte == key[0]) { Err(RingError::NotRandom { position }) } else { Ok(key) }
}
