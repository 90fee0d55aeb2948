//! Rate limits: how many requests of a minute are answered, and whose they are.
//!
//! | rule | a minute | whose |
//! |---|---|---|
//! | `authorize` | 10, or `MCP_AUTHORIZE_RATE_LIMIT_PER_MINUTE` | of a client at an address |
//! | `answer`, of people and of Entra | twenty times that of `authorize` | of an address |
//! | `token` | 20, or `MCP_TOKEN_RATE_LIMIT_PER_MINUTE` | of a client at an address |
//! | `register` | 10 | of an address |
//! | `mcp` | 100, or `MCP_RATE_LIMIT_PER_MINUTE` | of a caller (tenant, object and client of the verified token); of an address where nobody is known |
//!
//! What a rule allows may come at once; it is refilled evenly, so with ten a minute one more is allowed every six seconds.
//! Beyond it the answer is 429 with `Retry-After`, in the form that the endpoint's clients read.
//!
//! - What is refused before its caller is known, such as a forged token, counts towards nobody.
//! - Rules stand on routes and know no paths: all spellings of an endpoint share one.
//! - A client at an address, because the users of a hosted assistant share its addresses. Since whoever asks may name any
//!   client, all clients at one address together get ten times a rule, and no more.
//! - An address is a whole IPv4 address or the /64 of an IPv6 one, which is what one household gets.
//! - An address comes from the connection; from `X-Forwarded-For` or `Forwarded` only behind [`TrustedProxies`].
//! - Each rule remembers at most 100,000 askers. Those that come when it is full share one place.
//!
//! # Deployment caveat
//! Replicas do not share what they count: with three of them a caller may get up to three times a rule.

mod address;
mod asker;
mod buckets;
mod form;
mod forwarded;
mod layer;
mod page;
mod refusal;
mod rule;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

pub use self::{
    address::{ProxyError, TrustedProxies},
    form::FormClientLayer,
    layer::{RateLimit, RateLimitLayer},
};
use self::{
    asker::By,
    refusal::Refusal,
    rule::{Rule, Terms},
};

/// The rules of a server; each counts once, however many routes it stands on.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For `/authorize` and its aliases.
    pub authorize: RateLimitLayer,
    /// For what browsers bring back on the way of a sign-in, once each from the page and from Entra.
    pub answer: RateLimitLayer,
    /// For `/token` and its aliases; goes inside a [`FormClientLayer`], which finds the client.
    pub token: RateLimitLayer,
    /// For `/register`.
    pub register: RateLimitLayer,
    /// For `/mcp`, inside the bearer layer; none where calls are not limited.
    pub mcp: Option<RateLimitLayer>,
}

/// How often one may ask in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// For sign-ins that one client begins at one address.
    pub authorize: NonZeroU32,
    /// For tokens that one client asks for at one address; a hosted assistant asks for all of its users from there.
    pub token: NonZeroU32,
    /// For a caller's calls; none where nobody counts them.
    pub mcp: Option<NonZeroU32>,
}

impl Default for Rates {
    fn default() -> Self {
        Self { authorize: TEN, token: TWENTY, mcp: Some(HUNDRED) }
    }
}

const TEN: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");
const TWENTY: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
/// All clients of an address begin ten times what one may, and each sign-in comes by twice.
const ANSWERS: NonZeroU32 = TWENTY;
const HUNDRED: NonZeroU32 = NonZeroU32::new(100).expect("100 is not zero");

impl Limits {
    /// Makes the rules.
    #[must_use]
    pub fn new(rates: Rates, proxies: &TrustedProxies) -> Self {
        let rule = |name, per_minute, by, refusal| {
            RateLimitLayer::new(Rule::new(Terms { name, per_minute, by, refusal }, proxies.clone()))
        };
        Self {
            authorize: rule("authorize", rates.authorize, By::Client, Refusal::Page),
            answer: rule("answer", rates.authorize.saturating_mul(ANSWERS), By::Address, Refusal::Page),
            token: rule("token", rates.token, By::Client, Refusal::OAuth),
            register: rule("register", TEN, By::Address, Refusal::OAuth),
            mcp: rates.mcp.map(|calls| rule("mcp", calls, By::Caller, Refusal::JsonRpc)),
        }
    }
}
