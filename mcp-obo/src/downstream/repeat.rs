//! Whether a request can be sent a second time.

use http::Request;

/// Keeps a copy of each request, to repeat it with a new token.
///
/// The body must be [`Clone`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeating;

/// Keeps nothing, for bodies that stream: who called sends the request again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Streaming;

/// Either of [`Repeating`] and [`Streaming`].
pub trait Repetition<B>: sealed::Sealed {
    /// Keeps what a repetition needs.
    #[doc(hidden)]
    fn copy(request: &Request<B>) -> Option<Request<B>>;
}

impl<B: Clone> Repetition<B> for Repeating {
    fn copy(request: &Request<B>) -> Option<Request<B>> {
        Some(request.clone())
    }
}

impl<B> Repetition<B> for Streaming {
    fn copy(_: &Request<B>) -> Option<Request<B>> {
        None
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Repeating {}
    impl Sealed for super::Streaming {}
}
