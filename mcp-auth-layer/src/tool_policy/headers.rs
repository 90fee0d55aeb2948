//! The headers that mirror a message (MCP 2026-07-28, Streamable HTTP, "Standard Request Headers").

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName};

use super::{Operation, message::NamedBy};
use crate::reject::RequestFault;

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// The first version whose requests carry the headers, and whose servers refuse those that differ from the body.
const MIRRORED_SINCE: &str = "2026-07-28";

/// The headers of one request that mirror its message.
pub(super) struct Mirror<'a> {
    version: Option<&'a str>,
    method: Option<&'a str>,
    name: Option<Cow<'a, str>>,
}

impl<'a> Mirror<'a> {
    /// Reads the headers; each may stand once, since others may read another one than we.
    pub(super) fn read(headers: &'a HeaderMap) -> Result<Self, RequestFault> {
        Ok(Self {
            version: one(headers, &VERSION)?,
            method: one(headers, &METHOD)?,
            name: one(headers, &NAME)?.map(decoded).transpose()?,
        })
    }

    /// Refuses headers that differ from the message, and missing ones where the version wants them.
    pub(super) fn agree_with(&self, operation: &Operation) -> Result<(), RequestFault> {
        let must_be_there = self.is_required() && operation.method() != "initialize";
        let method_agrees = self.method.map_or(!must_be_there, |method| method == operation.method());
        let name_agrees = match (operation.name(), self.name.as_deref()) {
            (Some(name), Some(header)) => header == name,
            (Some(_), None) => !must_be_there || !needs_name_header(operation.method()),
            // A method of which it is not known here by what it is named: nothing here depends on the name.
            (None, _) => true,
        };
        if method_agrees && name_agrees { Ok(()) } else { Err(RequestFault::HeaderMismatch) }
    }

    /// Returns the operation as the headers tell it; none where they may not be relied on.
    pub(super) fn operation(&self) -> Option<Operation> {
        let method = self.method.filter(|_| self.is_date_since_mirrored())?;
        let name = match (NamedBy::of(method), &self.name) {
            (NamedBy::Nothing, _) => None,
            (_, Some(name)) => Some(name.to_string()),
            (_, None) => return None,
        };
        Some(Operation::new(method.to_owned(), name))
    }

    /// As text, which is how servers compare: an unknown version is the newest.
    fn is_required(&self) -> bool {
        self.version.is_some_and(|version| version >= MIRRORED_SINCE)
    }

    fn is_date_since_mirrored(&self) -> bool {
        let is_date = |version: &str| {
            version.len() == MIRRORED_SINCE.len()
                && version.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
        };
        self.is_required() && self.version.is_some_and(is_date)
    }
}

/// Later extensions may send it for other methods; those of the core must.
fn needs_name_header(method: &str) -> bool {
    matches!(method, super::CALL_TOOL | "prompts/get" | "resources/read")
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, RequestFault> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().map_err(|_| RequestFault::HeaderMismatch)).transpose()?;
    match values.next() {
        Some(_) => Err(RequestFault::HeaderMismatch),
        None => Ok(first),
    }
}

/// Undoes the form for names that no header can carry: `=?base64?…?=`.
fn decoded(value: &str) -> Result<Cow<'_, str>, RequestFault> {
    let Some(inner) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = STANDARD.decode(inner).map_err(|_| RequestFault::HeaderMismatch)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| RequestFault::HeaderMismatch)
}
