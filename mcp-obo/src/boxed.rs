//! The one boxed future of the crate's object-safe traits.

use std::{future::Future, pin::Pin};

/// What an object-safe trait answers with.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
