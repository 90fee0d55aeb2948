//! The tokens that are sent, and whether they may pass.

use std::io;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use benches::scale::Scale;
use http::HeaderValue;

use crate::{
    claims::Claims,
    issuer::{Issuer, issuer_of},
};

const OTHER_TENANT: &str = "0a1b2c3d-0f5c-4f4b-9c1e-1d6f0a1e7b11";

/// What must become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a third does not exist")]
pub enum Verdict {
    /// It reaches the service.
    Pass,
    /// It does not.
    Refuse,
}

/// Tokens that are sent in turn.
#[derive(Clone, Debug)]
pub struct Case {
    /// The work, as the rows call it.
    pub what: &'static str,
    /// The `Authorization` headers.
    pub headers: Vec<HeaderValue>,
    /// What must become of them.
    pub verdict: Verdict,
}

impl Case {
    fn new(what: &'static str, tokens: &[String], verdict: Verdict) -> io::Result<Self> {
        let header = |token: &String| HeaderValue::try_from(format!("Bearer {token}")).map_err(io::Error::other);
        Ok(Self { what, headers: tokens.iter().map(header).collect::<io::Result<_>>()?, verdict })
    }
}

/// Makes one good token, again and again.
///
/// # Errors
/// When it cannot be signed.
pub fn known(issuer: &Issuer) -> io::Result<Case> {
    Case::new("a known token", &[issuer.sign(&issuer.claims(0))?], Verdict::Pass)
}

/// Makes tokens of many users.
///
/// # Errors
/// When they cannot be signed.
pub fn new(issuer: &Issuer, scale: Scale) -> io::Result<Case> {
    let users = scale.pick(512, 8);
    let tokens = (1..=users).map(|user| issuer.sign(&issuer.claims(user))).collect::<io::Result<Vec<_>>>()?;
    Case::new("a new token", &tokens, Verdict::Pass)
}

/// Makes what must be refused; all but the bad signature and the malformed are signed well.
///
/// # Errors
/// When they cannot be signed.
pub fn refused(issuer: &Issuer) -> io::Result<Vec<Case>> {
    let refuse = |what, tokens: &[String]| Case::new(what, tokens, Verdict::Refuse);
    let changed = |what, change: &dyn Fn(&mut Claims)| {
        let mut claims = issuer.claims(0);
        change(&mut claims);
        refuse(what, &[issuer.sign(&claims)?])
    };
    let good = issuer.sign(&issuer.claims(0))?;
    let unsigned = good.rsplit_once('.').map_or("", |(unsigned, _)| unsigned);
    Ok(vec![
        refuse("a bad signature", &[forged(issuer, unsigned)?])?,
        refuse(
            "a malformed token",
            &[unsigned.to_owned(), "a".repeat(2_048), format!("{}.{}.{}", word(), word(), word())],
        )?,
        refuse("claims that are not JSON", &[issuer.sign_text(&[b'x'; 980])?])?,
        changed("wrong issuer", &|claims| claims.iss = "https://issuer.contoso.example/v2.0".to_owned())?,
        changed("wrong audience", &|claims| claims.aud = "99999999-2222-3333-4444-555555555555".to_owned())?,
        changed("wrong tenant", &|claims| {
            claims.iss = issuer_of(OTHER_TENANT);
            claims.tid = OTHER_TENANT.to_owned();
        })?,
        changed("expired", &|claims| claims.exp = issuer.long_ago())?,
    ])
}

/// The signature of another token: well-formed, below the modulus, and wrong, so that nobody can refuse it early.
fn forged(issuer: &Issuer, unsigned: &str) -> io::Result<String> {
    let other = issuer.sign(&issuer.claims(1))?;
    let signature = other.rsplit_once('.').map_or("", |(_, signature)| signature);
    Ok(format!("{unsigned}.{signature}"))
}

/// A part of a token that decodes to what is not JSON.
fn word() -> String {
    URL_SAFE_NO_PAD.encode([b'?'; 430])
}
