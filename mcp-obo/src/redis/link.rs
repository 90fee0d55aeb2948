//! The connection: opened when it is first needed, replaced when it fails.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use redis::{
    Cmd, FromRedisValue, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, ConnectionManager},
    cluster_async::ClusterConnection,
    cmd,
};

/// Opens a connection, which does the opening itself in the background.
pub(super) type Open = Arc<dyn Fn() -> RedisResult<Connection> + Send + Sync>;

#[derive(Clone)]
pub(super) enum Connection {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

pub(super) struct Link {
    open: Open,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    connection: Option<Connection>,
    /// Says which connection failed, when several operations find out.
    serial: u64,
}

impl Link {
    pub(super) fn new(open: Open) -> Self {
        Self { open, current: Mutex::default() }
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (mut connection, serial) = self.connection()?;
        let answer = command.query_async(&mut connection).await;
        if answer.as_ref().is_err_and(is_in_doubt) {
            self.drop_connection(serial);
        }
        answer
    }

    fn connection(&self) -> RedisResult<(Connection, u64)> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = &current.connection {
            return Ok((connection.clone(), current.serial));
        }
        let connection = (self.open)()?;
        current.connection = Some(connection.clone());
        current.serial += 1;
        drop_in(connection.clone());
        Ok((connection, current.serial))
    }

    /// Lets the next operation open another; those under way keep theirs.
    ///
    /// A peer that is gone without a word, behind a load balancer or in a fail-over, would else be waited for until TCP gives
    /// up, which takes a quarter of an hour.
    fn drop_connection(&self, serial: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.serial == serial {
            current.connection = None;
        }
    }
}

/// Carries the opening on when the operation that began it is given up.
///
/// The task ends with the opening, which is bounded.
fn drop_in(mut connection: Connection) {
    tokio::spawn(async move {
        // Whoever asks next learns how it went.
        let _: RedisResult<Value> = cmd("PING").query_async(&mut connection).await;
    });
}

fn is_in_doubt(error: &redis::RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a redis::Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}
