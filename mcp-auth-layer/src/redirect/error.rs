//! Why a redirect URI was refused.

/// A redirect URI that was not allowed.
///
/// The text is fixed and tells nothing of the URI, which an attacker chose; [`kind`](Self::kind) is for logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the redirect URI is not allowed")]
pub struct RedirectError {
    kind: RedirectErrorKind,
}

impl RedirectError {
    /// Returns the rule that was broken.
    #[must_use]
    pub const fn kind(&self) -> RedirectErrorKind {
        self.kind
    }
}

impl From<RedirectErrorKind> for RedirectError {
    fn from(kind: RedirectErrorKind) -> Self {
        Self { kind }
    }
}

/// The rule that a redirect URI broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectErrorKind {
    /// The request has none.
    Missing,
    /// The request has several.
    Repeated,
    /// It is longer than 512 bytes.
    TooLong,
    /// It holds a byte that no redirect URI needs.
    ///
    /// Spaces, controls, backslashes, quotes, angle brackets, braces, and everything beyond ASCII.
    Byte,
    /// The scheme is not `https`, `http` or one of the catalogue's.
    ///
    /// Upper case counts as another scheme.
    Scheme,
    /// There is an `@`, which may end user information.
    Userinfo,
    /// There is a `#`.
    Fragment,
    /// The host is no lower-case DNS name and no loopback spelling.
    Host,
    /// The port is not a plain number from 1 to 65535.
    Port,
    /// The path holds an empty segment or a byte outside its set.
    Path,
    /// The path holds `.` or `..`.
    DotSegment,
    /// The query holds a byte outside its set, or no path stands before it.
    Query,
    /// A percent sign encodes nothing, or something that must not hide.
    Percent,
    /// The query holds a parameter that the authorization response uses.
    ///
    /// See RFC 6749 section 4.1.2 and RFC 9207: which of the two values would the client believe?
    ResponseParameter,
    /// A browser would read other parts in it.
    Disagreement,
    /// It is well formed, and no rule allows it.
    NotListed,
}

impl RedirectErrorKind {
    /// Returns the stable word for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "redirect_missing",
            Self::Repeated => "redirect_repeated",
            Self::TooLong => "redirect_too_long",
            Self::Byte => "redirect_byte",
            Self::Scheme => "redirect_scheme",
            Self::Userinfo => "redirect_userinfo",
            Self::Fragment => "redirect_fragment",
            Self::Host => "redirect_host",
            Self::Port => "redirect_port",
            Self::Path => "redirect_path",
            Self::DotSegment => "redirect_dot_segment",
            Self::Query => "redirect_query",
            Self::Percent => "redirect_percent",
            Self::ResponseParameter => "redirect_response_parameter",
            Self::Disagreement => "redirect_disagreement",
            Self::NotListed => "redirect_not_listed",
        }
    }
}
