//! Redirect URI allowlist.
