//! A tenant of Entra's shape: six keys, one of which signs, and tokens of any claims.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::claims::Claims;

/// The tenant whose tokens are good.
pub const TENANT: &str = "8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11";
/// The API that the tokens are for.
pub const CLIENT: &str = "11111111-2222-3333-4444-555555555555";
/// The scope that the API asks for.
pub const SCOPE: &str = "access_as_user";

/// Entra publishes about as many.
const KEYS: usize = 6;
/// Neither the first nor the last, for those that look one after the other.
const SIGNING: usize = 2;

/// Returns the name by which a tenant issues.
#[must_use]
pub fn issuer_of(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

/// Six keys.
#[derive(Debug)]
pub struct Issuer {
    keys: Vec<KeyPair>,
    now: u64,
}

impl Issuer {
    /// Draws the keys.
    ///
    /// # Errors
    /// When the machine cannot draw a key, or its clock stands before 1970.
    pub fn new() -> io::Result<Self> {
        let draw = |_| KeyPair::generate(KeySize::Rsa2048).map_err(|_| io::Error::other("no key could be drawn"));
        let keys = (0..KEYS).map(draw).collect::<io::Result<_>>()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        Ok(Self { keys, now })
    }

    /// Returns the key document as Entra writes it: without `alg`, and with the issuer that may use each key.
    #[must_use]
    pub fn jwks(&self) -> String {
        let jwk = |(number, key): (usize, &KeyPair)| {
            let public = key.public_key();
            let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
            let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
            json!({"kty": "RSA", "use": "sig", "kid": kid(number), "x5t": kid(number), "n": n, "e": e,
                "cloud_instance_name": "microsoftonline.com", "issuer": issuer_of("{tenantid}")})
        };
        json!({"keys": self.keys.iter().enumerate().map(jwk).collect::<Vec<_>>()}).to_string()
    }

    /// Returns the signing key's public half, parsed once.
    ///
    /// # Errors
    /// When the key that was drawn is none.
    pub fn public_key(&self) -> io::Result<ParsedPublicKey> {
        let public = self.keys[SIGNING].public_key();
        let n = public.modulus().big_endian_without_leading_zero();
        let e = public.exponent().big_endian_without_leading_zero();
        let parsed = RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
        parsed.map_err(|_| io::Error::other("the key that was drawn is none"))
    }

    /// Returns the claims of user `number`, about as many and as long as Entra writes.
    #[must_use]
    pub fn claims(&self, number: usize) -> Claims {
        let id = |kind: &str| format!("{number:08x}-{kind}-4000-8000-000000000000");
        let opaque = |length: usize, seed: usize| -> String {
            let at = |place: usize| char::from(b'A' + ((place * 7 + number * 13 + seed) % 26) as u8);
            (0..length).map(at).collect()
        };
        Claims {
            aud: CLIENT.to_owned(),
            iss: issuer_of(TENANT),
            iat: self.now - 300,
            nbf: self.now - 300,
            exp: self.now + 24 * 60 * 60,
            aio: opaque(120, 1),
            azp: id("a00a"),
            azpacr: "1".to_owned(),
            groups: (0..4).map(|group| id(&format!("b{group:03}"))).collect(),
            name: format!("User {number}"),
            oid: id("c00c"),
            preferred_username: format!("user{number}@contoso.example"),
            rh: opaque(56, 2),
            scp: SCOPE.to_owned(),
            sid: id("d00d"),
            sub: opaque(43, 3),
            tid: TENANT.to_owned(),
            uti: opaque(22, 4),
            ver: "2.0".to_owned(),
            ftd: opaque(43, 5),
        }
    }

    /// Signs claims.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, claims: &Claims) -> io::Result<String> {
        self.sign_text(serde_json::to_string(claims)?.as_bytes())
    }

    /// Signs a payload that need not be claims.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign_text(&self, payload: &[u8]) -> io::Result<String> {
        let header: Value = json!({"typ": "JWT", "alg": "RS256", "kid": kid(SIGNING)});
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
        let key = &self.keys[SIGNING];
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|_| io::Error::other("the key does not sign"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Returns an hour that is over.
    #[must_use]
    pub const fn long_ago(&self) -> u64 {
        self.now - 60 * 60
    }
}

/// Serves a key document on a thread of its own, for those who insist on fetching; returns its URL.
///
/// # Errors
/// When no port can be had.
pub fn serve(document: String) -> io::Result<String> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let url = format!("http://{}/discovery/v2.0/keys", listener.local_addr()?);
    // Ends with the process. A client that goes away is no reason to end before.
    thread::spawn(move || listener.incoming().flatten().for_each(|asked| drop(answer(asked, &document))));
    Ok(url)
}

/// Answers any request; clients of key documents send no body.
fn answer(mut stream: TcpStream, document: &str) -> io::Result<()> {
    let (mut head, mut piece) = (Vec::new(), [0; 1_024]);
    while !head.ends_with(b"\r\n\r\n") {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..length]);
    }
    let length = document.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: max-age=86400\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{document}"
    )
}

/// As long as Entra's: the digest of a certificate.
fn kid(number: usize) -> String {
    format!("{number:043}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_as_long_as_entras() {
        let issuer = Issuer::new().unwrap();
        let token = issuer.sign(&issuer.claims(7)).unwrap();
        assert!((1_700..1_800).contains(&token.len()), "{}", token.len());
    }
}
