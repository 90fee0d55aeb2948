//! OData query options for one entity type, `microsoft.graph.serviceUpdateMessage`.
//!
//! `$filter` goes through four steps, each a module: `lexer` (text to tokens), `parser` (tokens to `syntax`), `bind`
//! (names and types against `schema`), `filter` (the typed tree, evaluated per message). What a step does not know is
//! refused there; nothing is skipped or guessed.

mod bind;
mod error;
mod filter;
mod lexer;
mod options;
mod order_by;
mod page_size;
mod parser;
mod schema;
mod syntax;
mod value;

pub use error::{FilterError, QueryError};
pub(super) use options::ListOptions;
pub(super) use page_size::PageSize;

#[cfg(test)]
mod tests;
