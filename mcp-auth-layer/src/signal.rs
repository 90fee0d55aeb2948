//! How an inner layer or a handler raises a rejection, and how the bearer layer finds it.

use http::Response;

use crate::{challenge, reject::Rejection};

/// A rejection that waits in a response's extensions to be rendered.
///
/// Private to the crate: the rendered response keeps the [`Rejection`] for loggers, and an outer bearer layer must not take
/// that for a new one.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) why: Rejection,
    /// What was asked for, for the audit; a name from the configuration, never one that only the caller chose.
    pub(crate) operation: Option<Box<str>>,
}

impl Pending {
    /// Makes a response that raises this: the right status, no body.
    pub(crate) fn into_response<B: Default>(self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = challenge::outside(&self.why).status();
        response.extensions_mut().insert(self);
        response
    }
}

impl Rejection {
    /// Makes a response that raises this rejection: the right status, no body.
    ///
    /// The [bearer layer](crate::bearer) adds challenge and body, and audits. Without one around, status alone remains.
    #[must_use]
    pub fn into_response<B: Default>(self) -> Response<B> {
        Pending { why: self, operation: None }.into_response()
    }
}

/// Takes the rejection that was raised, if one was.
pub(crate) fn take<B>(response: &mut Response<B>) -> Option<Pending> {
    response.extensions_mut().remove()
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for Rejection {
    fn into_response(self) -> axum_core::response::Response {
        Self::into_response(self)
    }
}
