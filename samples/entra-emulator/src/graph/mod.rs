//! The Graph half: `admin/serviceAnnouncement/messages` over a fixed corpus.
//!
//! Everything here is pure and synchronous. Tokens, faults, `request-id` headers and the error envelope belong to the
//! HTTP layer in front: it passes the raw query string and the `Prefer` header in, and gets a body, or a status with a
//! code and a message.
//!
//! - [`messages`] answers the collection: `$filter`, `$orderby`, `$top`, `$skip`, `$count`, `$select`, paging.
//! - [`message_by_id`] answers one message.

mod corpus;
mod error;
mod list;
mod message;
mod odata;

pub use error::GraphError;
pub use list::{MESSAGES_PATH, Page};
pub use odata::{FilterError, QueryError};

use serde_json::Value;

/// Answers one request for the collection of messages.
///
/// `query` is the raw query string without `?`, `prefer` the `Prefer` header, and `base_url` scheme and authority
/// without a trailing slash; links in the answer begin with it.
///
/// # Errors
/// [`GraphError::BadRequest`] for everything that Graph's query parser refuses.
pub fn messages(query: Option<&str>, prefer: Option<&str>, base_url: &str) -> Result<Page, GraphError> {
    let options = odata::ListOptions::parse(query.unwrap_or_default())?;
    let page_size = odata::PageSize::preferred(prefer);
    Ok(list::page(corpus::messages(), &options, page_size, base_url))
}

/// Answers one request for a single message.
///
/// # Errors
/// [`GraphError::NotFound`] when no message of the corpus has this id.
pub fn message_by_id(id: &str, base_url: &str) -> Result<Value, GraphError> {
    corpus::messages()
        .iter()
        .find(|message| message.id == id)
        .map(|message| list::single(message, base_url))
        .ok_or_else(|| GraphError::NotFound { id: id.to_owned() })
}

#[cfg(test)]
mod tests;
