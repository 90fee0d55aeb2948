//! What a request asks the MCP server to do.

/// What a request asks for, as it was judged. In the extensions of every call that passed the tool policy.
///
/// The name is the caller's own text: compare it, but do not make a metric's label of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    method: Box<str>,
    name: Option<Box<str>>,
}

impl Operation {
    pub(super) fn new(method: String, name: Option<String>) -> Self {
        Self { method: method.into(), name: name.map(Into::into) }
    }

    /// Returns the JSON-RPC method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the tool, prompt, URI or task it is about.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the tool that is called, if this calls one.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        self.name().filter(|_| self.method() == super::CALL_TOOL)
    }
}
