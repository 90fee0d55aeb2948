//! One key of a ring.
//!
//! A sealed value is `version (1) | key id (4) | salt (12) | nonce (12) | ciphertext | tag (16)`.
//!
//! Every value has a key of its own: HKDF (RFC 5869) of the purpose's key and the random salt. A random 96-bit nonce alone
//! would be good for 2^32 values under one key (NIST SP 800-38D, 8.3), which is 18 days at 2,800 values a second, the pace of
//! ten million users. Salt and nonce together are 192 random bits, which do not repeat in 2^80 values, so that a ring need
//! never be changed for having sealed much. The price is one HKDF step and one AES key schedule per value.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, Prk, Salt},
    hmac,
    rand::fill,
};
use zeroize::Zeroizing;

use super::{
    error::{KEY_BYTES, SealError},
    purpose::Purpose,
};

const VERSION: u8 = 1;
const ID: usize = 4;
const SALT: usize = 12;
const NONCE: usize = 12;
const TAG: usize = 16;
const HEADER: usize = 1 + ID + SALT + NONCE;

/// What sealing adds to a text.
pub(super) const OVERHEAD: usize = HEADER + TAG;

/// Separates these keys from whatever else an operator may derive from the same secret.
const DOMAIN: &[u8] = b"mcp-obo sealing keys, version 1";

pub(super) struct SealingKey {
    /// Says which key to try first; derived one way, so it tells nothing of the key.
    id: [u8; ID],
    /// In the order of [`Purpose::ALL`].
    purposes: [PurposeKeys; Purpose::ALL.len()],
}

struct PurposeKeys {
    sealing: Prk,
    naming: hmac::Key,
}

impl SealingKey {
    pub(super) fn new(key: &[u8; KEY_BYTES]) -> Self {
        let root = Salt::new(HKDF_SHA256, DOMAIN).extract(key);
        let mut id = [0; ID];
        derive(&root, &["id", ""], &mut id);
        Self { id, purposes: Purpose::ALL.map(|purpose| PurposeKeys::new(&root, purpose)) }
    }

    pub(super) fn seal(&self, purpose: Purpose, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id);
        sealed.resize(HEADER, 0);
        fill(&mut sealed[1 + ID..])?;
        let (key, nonce) = self.message_key(purpose, &sealed[1 + ID..])?;
        sealed.extend_from_slice(plain);
        let tag = key.seal_in_place_separate_tag(nonce, associated(purpose, context), &mut sealed[HEADER..])?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(super) fn open(&self, purpose: Purpose, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (header, body) = sealed.split_at_checked(HEADER)?;
        if header[0] != VERSION || header[1..=ID] != self.id {
            return None;
        }
        let (key, nonce) = self.message_key(purpose, &header[1 + ID..]).ok()?;
        let mut body = Zeroizing::new(body.to_vec());
        let length = key.open_in_place(nonce, associated(purpose, context), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }

    pub(super) fn name(&self, purpose: Purpose, data: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.of(purpose).naming, data);
        tag.as_ref().try_into().expect("an HMAC-SHA256 has 32 bytes")
    }

    /// The key and nonce of one value, from the random part of its header.
    fn message_key(&self, purpose: Purpose, random: &[u8]) -> Result<(LessSafeKey, Nonce), Unspecified> {
        let (salt, nonce) = random.split_at(SALT);
        let info = [salt];
        let key = self.of(purpose).sealing.expand(&info, &AES_256_GCM)?;
        Ok((LessSafeKey::new(UnboundKey::from(key)), Nonce::try_assume_unique_for_key(nonce)?))
    }

    const fn of(&self, purpose: Purpose) -> &PurposeKeys {
        &self.purposes[purpose as usize]
    }
}

impl PurposeKeys {
    fn new(root: &Prk, purpose: Purpose) -> Self {
        let (mut sealing, mut naming) = (Zeroizing::new([0; KEY_BYTES]), Zeroizing::new([0; KEY_BYTES]));
        derive(root, &["seal", purpose.label()], sealing.as_mut());
        derive(root, &["name", purpose.label()], naming.as_mut());
        Self {
            sealing: Prk::new_less_safe(HKDF_SHA256, sealing.as_ref()),
            naming: hmac::Key::new(hmac::HMAC_SHA256, naming.as_ref()),
        }
    }
}

/// Fills `out` from the root key; neither label has a slash, so no two pairs read the same.
fn derive(root: &Prk, [what, purpose]: &[&str; 2], out: &mut [u8]) {
    let info = [what.as_bytes(), b"/", purpose.as_bytes()];
    let material = root.expand(&info, Bytes(out.len())).and_then(|material| material.fill(out));
    material.expect("HKDF gives up to 255 blocks, and one is asked for");
}

struct Bytes(usize);

impl aws_lc_rs::hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// What a value is bound to besides its key: layout, purpose, and the caller's context.
fn associated(purpose: Purpose, context: &[u8]) -> Aad<Vec<u8>> {
    // Labels have no NUL, so no label and context read as another pair.
    Aad::from([&[VERSION], purpose.label().as_bytes(), &[0], context].concat())
}
