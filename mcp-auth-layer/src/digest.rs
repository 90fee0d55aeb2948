//! The process-local digest by which every in-process cache knows a token.

use std::{
    fmt,
    hash::{BuildHasher, Hash, Hasher},
    sync::OnceLock,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// A 128-bit keyed digest of a token, meaningful inside this process only.
///
/// It is an AES-GMAC tag under a key that is drawn at random per process. A tag never leaves the process, so the universal
/// hash behind it is collision-safe (bound: length / 2^128 per pair), at a fifth of the cost of SHA-256. No bytes can be
/// read out of it, and `Debug` prints none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; 16]);

impl Hash for TokenDigest {
    /// Half of it is as good as random already, and nobody outside knows it: it chooses the bucket, and all of it is compared.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_ne_bytes([a, b, c, d, e, f, g, h]));
    }
}

/// For maps by [`TokenDigest`] alone: takes the bucket from the digest instead of hashing it once more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ByDigest(u64);

impl BuildHasher for ByDigest {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for ByDigest {
    fn write(&mut self, bytes: &[u8]) {
        // A digest never comes this way; whatever does has its place all the same.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl TokenDigest {
    pub(crate) fn of(token: &[u8]) -> Self {
        // The nonce is constant on purpose: with secret tags it only selects one function of the keyed family.
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = key()
            .seal_in_place_separate_tag(nonce, Aad::from(token), &mut [])
            .expect("sealing nothing under a 256-bit key cannot exceed a limit of AES-GCM");
        let mut digest = [0; 16];
        digest.copy_from_slice(tag.as_ref());
        Self(digest)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

fn key() -> &'static LessSafeKey {
    static KEY: OnceLock<LessSafeKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret).expect("the operating system's random source works");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &secret).expect("32 bytes are an AES-256 key"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tokens_have_equal_digests_and_others_differ() {
        let token = vec![b'a'; 1_700];
        let mut other = token.clone();
        other[1_699] = b'b';
        assert_eq!(TokenDigest::of(&token), TokenDigest::of(&token.clone()));
        assert_ne!(TokenDigest::of(&token), TokenDigest::of(&other));
        assert_ne!(TokenDigest::of(&token), TokenDigest::of(&token[..1_699]));
        assert_ne!(TokenDigest::of(b""), TokenDigest::of(b"\0"));
    }

    #[test]
    fn debug_prints_nothing_of_it() {
        assert_eq!(format!("{:?}", TokenDigest::of(b"x")), "TokenDigest(..)");
    }
}
