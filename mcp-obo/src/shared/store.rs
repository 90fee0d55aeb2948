//! What a store must be able to do.

use std::{error::Error, fmt::Debug, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::boxed::BoxFuture;

/// A place that all replicas reach, such as Redis.
///
/// What is put there are values that are sealed already, random marks, and times.
///
/// Names are printable ASCII of at most 128 bytes. Values end by themselves when their life is over. No operation need wait
/// long or try again: an operation that takes more than a quarter of a second is given up. For tokens a store that fails is
/// left alone for a second.
pub trait SharedStore: Debug + Send + Sync + 'static {
    /// Returns the value of this name.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>>;

    /// Puts a value, whatever is there.
    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Puts a value where there is none, in one step; tells whether it did.
    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Removes exactly this value, in one step; tells whether it did.
    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>>;
}

/// So that a service can hold the store as well.
impl<S: SharedStore + ?Sized> SharedStore for Arc<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        (**self).get(name)
    }

    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).put(name, value, life)
    }

    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        (**self).put_new(name, value, life)
    }

    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        (**self).remove(name, value)
    }
}

/// Why a store did not do as it was asked.
///
/// A source is logged when a store begins to fail: it must not quote values, or secrets of the connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or not understood.
    #[error("the shared store cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// It answered that it will not, for want of rights or room, or because it is a replica.
    #[error("the shared store refuses")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// It did not answer in time.
    #[error("the shared store did not answer in time")]
    TimedOut,
    /// What lies under the name is of another kind than values are.
    #[error("the shared store holds something else under the name")]
    Foreign,
    /// It failed a moment ago, and was not asked.
    #[error("the shared store failed a moment ago")]
    Paused,
}
