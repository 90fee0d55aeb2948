//! The same layers before an HTTP server, and the load that tells what they cost there.

mod cores;
pub mod server;
pub mod table;
