//! What Redis takes for entries of our size, asked of a server that is started for it.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use benches::DOWNSTREAM_TOKEN;
use local_redis::Server;

/// What sealing adds to a token: times, epoch, key id, salt, nonce, tag.
pub(crate) const SEALING: usize = 90;

/// The length of a name: `mcp-obo:1:t:` and 64 hex digits.
pub(crate) const NAME: usize = 76;

/// The length of a user's mark.
const MARK: usize = 16;

/// How many commands are sent before their answers are read; both fit into the socket's buffers.
const BATCH: usize = 32;

/// Bytes per user, by Redis' own count.
pub(crate) struct Stored {
    pub(crate) version: String,
    pub(crate) entry: usize,
    pub(crate) mark: usize,
}

/// Stores this many entries; nothing where no `redis-server` is installed.
pub(crate) fn measure(users: usize) -> io::Result<Option<Stored>> {
    let Some(server) = Server::start(&[]) else { return Ok(None) };
    let mut redis = Redis(BufReader::new(TcpStream::connect(("127.0.0.1", server.port()))?));
    let empty = redis.used()?;
    redis.put('t', users, DOWNSTREAM_TOKEN + SEALING)?;
    let entries = redis.used()?;
    redis.put('u', users, MARK)?;
    let marks = redis.used()?;
    let version = redis.info("redis_version")?;
    Ok(Some(Stored { version, entry: (entries - empty) / users, mark: (marks - entries) / users }))
}

/// A connection to a server that nobody else uses.
struct Redis(BufReader<TcpStream>);

impl Redis {
    fn put(&mut self, kind: char, count: usize, length: usize) -> io::Result<()> {
        let value = "v".repeat(length);
        let mut sent = 0;
        while sent < count {
            let batch = BATCH.min(count - sent);
            for number in sent..sent + batch {
                let name = format!("mcp-obo:1:{kind}:{number:064x}");
                let head = format!("*5\r\n$3\r\nSET\r\n${}\r\n{name}\r\n${length}\r\n", name.len());
                let life = "$2\r\nPX\r\n$7\r\n4200000\r\n";
                self.0.get_mut().write_all(format!("{head}{value}\r\n{life}").as_bytes())?;
            }
            for _ in 0..batch {
                let mut answer = String::new();
                self.0.read_line(&mut answer)?;
                assert_eq!(answer, "+OK\r\n");
            }
            sent += batch;
        }
        Ok(())
    }

    fn used(&mut self) -> io::Result<usize> {
        self.info("used_memory")?.parse().map_err(io::Error::other)
    }

    fn info(&mut self, field: &str) -> io::Result<String> {
        self.0.get_mut().write_all(b"INFO\r\n")?;
        let mut length = String::new();
        self.0.read_line(&mut length)?;
        let length: usize = length.trim().trim_start_matches('$').parse().map_err(io::Error::other)?;
        // The text is followed by CR LF.
        let mut text = vec![0; length + 2];
        self.0.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text);
        let value = text.lines().find_map(|line| line.split_once(':').filter(|(name, _)| *name == field));
        value.map(|(_, value)| value.trim().to_owned()).ok_or_else(|| io::Error::other("it does not tell"))
    }
}
