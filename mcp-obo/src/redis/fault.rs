//! What the client library's errors mean, in words of our own.
//!
//! A server's text is never passed on: it comes from outside, and may quote what was sent.

use std::{error::Error, io, sync::Arc};

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::shared::StoreError;

/// Why Redis failed, as it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("user or password is wrong or missing")]
    Authentication,
    #[error("the server's certificate is not trusted")]
    Certificate,
    #[error("TLS failed")]
    Tls,
    #[error("{0}")]
    Io(io::ErrorKind),
    #[error("no node of the cluster answers")]
    Cluster,
    #[error("the server does not speak the protocol")]
    Protocol,
    #[error("the user lacks a right")]
    Rights,
    #[error("the server is a read-only replica")]
    ReadOnly,
    #[error("the server is out of memory")]
    Memory,
    #[error("the server is not ready")]
    NotReady,
    #[error("the server refused the command")]
    Command,
}

pub(super) fn store_error(error: &RedisError) -> StoreError {
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension => server(error),
        ErrorKind::Io if error.is_timeout() => StoreError::TimedOut,
        ErrorKind::Io => unreachable(io_fault(error)),
        ErrorKind::AuthenticationFailed => unreachable(Fault::Authentication),
        ErrorKind::ClusterConnectionNotFound => unreachable(Fault::Cluster),
        _ => unreachable(Fault::Protocol),
    }
}

fn server(error: &RedisError) -> StoreError {
    let kind = match error.kind() {
        ErrorKind::Server(kind) => Some(kind),
        _ => None,
    };
    match (kind, error.code().unwrap_or_default()) {
        (_, "WRONGTYPE") => StoreError::Foreign,
        // After a change of the server's passwords; another connection fails in the same words.
        (_, "NOAUTH" | "WRONGPASS") => unreachable(Fault::Authentication),
        (Some(ServerErrorKind::NoPerm), _) => refused(Fault::Rights),
        (Some(ServerErrorKind::ReadOnly), _) => refused(Fault::ReadOnly),
        (_, "OOM") => refused(Fault::Memory),
        (Some(ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown), _) => {
            refused(Fault::NotReady)
        }
        _ => refused(Fault::Command),
    }
}

fn unreachable(fault: Fault) -> StoreError {
    StoreError::Unreachable(fault.into())
}

fn refused(fault: Fault) -> StoreError {
    StoreError::Refused(fault.into())
}

fn io_fault(error: &RedisError) -> Fault {
    // The library keeps its sources behind an `Arc`.
    let source = error.source().and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) else {
        return Fault::Io(io::ErrorKind::Other);
    };
    match io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => Fault::Certificate,
        Some(_) => Fault::Tls,
        None => Fault::Io(io.kind()),
    }
}
