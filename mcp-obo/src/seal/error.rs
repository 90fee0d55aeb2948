//! What can be wrong with a ring, or with what is to be sealed.

/// The length of a key.
pub(super) const KEY_BYTES: usize = 32;

/// More keys than any rotation needs; each makes opening garbage and naming users a little slower.
pub(super) const MAX_KEYS: usize = 8;

/// A list of sealing keys that cannot be used; never quotes any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// There is no key.
    #[error("there is no sealing key")]
    Empty,
    /// There are more keys than a ring takes.
    #[error("there are more than {MAX_KEYS} sealing keys")]
    TooMany,
    /// There is nothing between two commas.
    #[error("sealing key {position} is blank")]
    Blank {
        /// Its place in the list, from one.
        position: usize,
    },
    /// An entry is not base64.
    #[error("sealing key {position} is not base64")]
    Base64 {
        /// Its place in the list, from one.
        position: usize,
    },
    /// A key has another length.
    #[error("sealing key {position} has {bytes} bytes, not {KEY_BYTES}")]
    Length {
        /// Its place in the list, from one.
        position: usize,
        /// How many bytes it has.
        bytes: usize,
    },
    /// A key is one byte over and over.
    #[error("sealing key {position} is not random")]
    NotRandom {
        /// Its place in the list, from one.
        position: usize,
    },
    /// A key is in the list twice.
    #[error("sealing key {position} is the same as key {first}")]
    Repeated {
        /// Its place in the list, from one.
        position: usize,
        /// The place of the first.
        first: usize,
    },
}

/// A text that was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// It is longer than [`MAX_PLAIN`](super::MAX_PLAIN).
    #[error("the text is too long to be sealed")]
    TooLong,
    /// The cryptographic library refused.
    #[error("the text could not be sealed")]
    Refused,
}

impl From<aws_lc_rs::error::Unspecified> for SealError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Refused
    }
}
