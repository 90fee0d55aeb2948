//! Redis or Valkey as the store that replicas share (feature `redis`).
//!
//! What lies there, what an outage costs, and how keys are changed stands in [`shared`](crate::shared).
//!
//! # What the server must allow
//! `GETRANGE`, `SET` and `EVAL` (of a script that calls `GET` and `DEL`) on keys that begin with `mcp-obo:`, and `PING`. As an
//! ACL: `user mcp-obo on >password ~mcp-obo:* +getrange +set +eval +get +del +ping +client|setinfo`, for a cluster with
//! `+cluster|slots` besides. Redis 6 or later, any Valkey; no modules. For tokens alone no persistence
//! (see [forgetting](crate::shared#forgetting-a-user)); where the OAuth front door keeps its records here, `appendonly yes`.
//! Values are at most 64 KiB.

mod address;
mod fault;
mod link;
mod tls;

use std::{fmt, time::Duration};

use bytes::Bytes;
use redis::{Cmd, cmd};

pub use self::address::RedisConfigError;
use self::{address::Address, fault::store_error, link::Link};
use crate::{
    boxed::BoxFuture,
    shared::{SharedStore, StoreError},
};

/// More than any value that is put there; what is longer is somebody else's, and is not even fetched whole.
const MAX_BYTES: isize = 128 << 10;

/// Takes away exactly the value that is named, in one step.
const REMOVE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// A Redis or Valkey server, or a cluster of them.
///
/// One connection carries everything. It is opened by the first operation, and again after a failure; never by a constructor.
///
/// # Defaults
/// Connecting may take one second and an answer 200 ms. TLS trusts the system's CAs.
///
/// # Deployment caveat
/// A URL with TLS makes aws-lc the default cryptography of rustls in the process, unless the service has set one before.
pub struct RedisStore {
    address: Address,
    link: Link,
}

impl RedisStore {
    /// Names the server.
    ///
    /// | URL | means |
    /// |---|---|
    /// | `redis://host:6379`, `valkey://…` | one server, plain |
    /// | `rediss://user:password@host:6380/0`, `valkeys://…` | one server, TLS; user and password percent-encoded; database 0 |
    /// | `redis+cluster://host:6379?node=other:6379`, `rediss+cluster://…` | a cluster, by some of its nodes |
    ///
    /// # Errors
    /// [`RedisConfigError`], which quotes nothing of the URL, because there may be a password in it.
    pub fn connect(url: &str) -> Result<Self, RedisConfigError> {
        Self::of(Address::parse(url)?)
    }

    /// Trusts these CAs, in PEM form, in place of the system's.
    ///
    /// `mcp_auth_layer::fetch::Egress::trusted_roots` has the system's together with those that were added. The client library's
    /// own way to find the system's, which counts otherwise, drops them where `SSL_CERT_FILE` or `SSL_CERT_DIR` is set.
    ///
    /// # Errors
    /// [`RedisConfigError`] when there is no CA certificate in it, or when the URL is one without TLS.
    pub fn with_root_certificates(self, pem: &[u8]) -> Result<Self, RedisConfigError> {
        Self::of(self.address.with_roots(pem)?)
    }

    /// Tells whether the connection is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.address.is_encrypted()
    }

    fn of(address: Address) -> Result<Self, RedisConfigError> {
        Ok(Self { link: Link::new(address.opener()?), address })
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.link.ask(command).await.map_err(|error| store_error(&error))
    }
}

impl SharedStore for RedisStore {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, StoreError>> {
        Box::pin(async move {
            let value: Vec<u8> = self.ask(cmd("GETRANGE").arg(name).arg(0).arg(MAX_BYTES)).await?;
            // GETRANGE reads what is not there as empty, and nothing is ever put empty.
            Ok((!value.is_empty()).then(|| value.into()))
        })
    }

    fn put<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.ask(set(name, &value).arg("PX").arg(millis(life))).await })
    }

    fn put_new<'a>(&'a self, name: &'a str, value: Bytes, life: Duration) -> BoxFuture<'a, Result<bool, StoreError>> {
        // Nil, which reads as no, when there is a value.
        Box::pin(async move { self.ask(set(name, &value).arg("NX").arg("PX").arg(millis(life))).await })
    }

    fn remove<'a>(&'a self, name: &'a str, value: Bytes) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { self.ask(cmd("EVAL").arg(REMOVE).arg(1).arg(name).arg(value.as_ref())).await })
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("address", &self.address).finish_non_exhaustive()
    }
}

fn set(name: &str, value: &Bytes) -> Cmd {
    let mut command = cmd("SET");
    command.arg(name).arg(value.as_ref());
    command
}

/// Redis refuses a life of nothing.
fn millis(life: Duration) -> u64 {
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1)
}
