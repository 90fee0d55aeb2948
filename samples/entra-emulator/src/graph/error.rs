use std::error::Error;

use http::StatusCode;

use super::odata::QueryError;

/// Explains why Graph refuses a request for messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A query option that does not parse, or that this collection does not support.
    #[error(transparent)]
    BadRequest(#[from] QueryError),
    /// No such message.
    #[error("no service message with id '{id}' exists")]
    NotFound {
        /// The id that was asked for.
        id: String,
    },
}

impl GraphError {
    /// Returns the HTTP status of the refusal.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
        }
    }

    /// Returns the value of `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "BadRequest",
            Self::NotFound { .. } => "NotFound",
        }
    }

    /// Returns the value of `error.message`: the whole chain of causes in one sentence.
    #[must_use]
    pub fn message(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        let mut rest = text.chars();
        let first = rest.next().map(|c| c.to_uppercase().to_string());
        format!("{}{}.", first.unwrap_or_default(), rest.as_str())
    }
}
