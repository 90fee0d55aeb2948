//! Recognises Ed25519 keys for which everybody can sign: points whose order divides the curve's cofactor, 8.
//!
//! The check `[S]B = R + [k]A` (RFC 8032 section 5.1.7) loses `A` whenever 8 divides `k`, so that R = the neutral point and S = 0
//! is a signature of every eighth message at least. RFC 8032 does not exclude such keys, and the library takes them.

/// Every spelling of the y of such a point below 2^255, little-endian; the bit above is the sign of x, and either sign is one.
const POINTS: [[u8; 32]; 7] = [
    edge(0x00, 0x00, 0x00),
    edge(0x01, 0x00, 0x00),
    // The two of order 8.
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    // p - 1, and 0 and 1 written as p and p + 1.
    edge(0xec, 0xff, 0x7f),
    edge(0xed, 0xff, 0x7f),
    edge(0xee, 0xff, 0x7f),
];

/// Tells whether a public key, as RFC 8032 section 5.1.2 encodes it, is such a point.
pub(super) fn is_of_small_order(point: &[u8]) -> bool {
    let [y @ .., top] = point else { return false };
    POINTS.iter().any(|bad| bad[..31] == *y && bad[31] == top & 0x7f)
}

const fn edge(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}
