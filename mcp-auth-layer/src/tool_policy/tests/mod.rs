//! What is read, what is decided, and what reaches the server.

mod headers;
mod message;
mod passing;
