//! Who may use the proxy (RFC 7617 over `Proxy-Authorization`).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header::PROXY_AUTHORIZATION};

/// The name and password that the proxy asks for.
#[derive(Clone)]
pub(crate) struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    pub(crate) fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned() }
    }

    /// Tells whether a request presents them.
    pub(super) fn are_in(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(PROXY_AUTHORIZATION).and_then(|value| value.to_str().ok());
        let basic = value.and_then(|value| value.split_once(' '));
        let basic = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let presented = basic.and_then(|(_, text)| STANDARD.decode(text.trim()).ok());
        presented.is_some_and(|presented| presented == format!("{}:{}", self.user, self.password).as_bytes())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}
