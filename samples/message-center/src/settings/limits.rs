//! How often callers may come, and how it is known from where.

use std::num::NonZeroU32;

use server_kit::settings::{Reader, list, listener::Listener};

use crate::limits::{Rates, TrustedProxies};

/// What rate limits need to know.
pub(super) struct Limits {
    pub(super) trusted_proxies: TrustedProxies,
    pub(super) rates: Rates,
}

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
    let known = Rates::default();
    let rates = Rates {
        authorize: reader.number("MCP_AUTHORIZE_RATE_LIMIT_PER_MINUTE", known.authorize),
        token: reader.number("MCP_TOKEN_RATE_LIMIT_PER_MINUTE", known.token),
        // Zero says that nobody counts; behind sign-ins there is Entra, which would.
        mcp: NonZeroU32::new(reader.number("MCP_RATE_LIMIT_PER_MINUTE", known.mcp.map_or(0, NonZeroU32::get))),
    };
    Limits { trusted_proxies, rates }
}
