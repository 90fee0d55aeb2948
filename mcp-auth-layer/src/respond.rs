//! How the body of a refusal is made.
/// Makes a response body from bytes.
pub trait FromBytes {
    /// Wraps the bytes.
    fn from_bytes(bytes: bytes::Bytes) -> Self;
}
