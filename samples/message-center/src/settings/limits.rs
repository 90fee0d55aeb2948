//! How often callers may come, and how it is known from where.

use std::num::NonZeroU32;

use super::{
    listener::Listener,
    reader::{Reader, list},
};
use crate::limits::TrustedProxies;

/// What rate limits need to know.
pub(super) struct Limits {
    pub(super) trusted_proxies: TrustedProxies,
    /// Of `/mcp`; none means that nobody counts.
    pub(super) calls_per_minute: Option<NonZeroU32>,
}

const CALLS_PER_MINUTE: u32 = 100;

const PROXIES: &str = "TRUSTED_PROXIES";

pub(super) fn read(reader: &mut Reader<'_>, listener: &Listener) -> Limits {
    let trusted_proxies = match reader.get(PROXIES) {
        None => TrustedProxies::default(),
        Some(text) => {
            let parsed = TrustedProxies::parse(list(&text).iter().map(String::as_str));
            reader.keep(PROXIES, parsed).unwrap_or_default()
        }
    };
    // This server speaks plain HTTP, so whoever makes it https stands in front.
    if !reader.is_set(PROXIES) && listener.public_base_url.starts_with("https:") {
        reader.warn(format!(
            "{PROXIES}: not set, so all who come through the proxy in front count as one address, and sign-ins are limited for \
             all of them together; write the proxy's address or network"
        ));
    }
    let calls_per_minute = NonZeroU32::new(reader.number("MCP_RATE_LIMIT_PER_MINUTE", CALLS_PER_MINUTE));
    Limits { trusted_proxies, calls_per_minute }
}
