//! Pages of messages as they were written before: what the same question gets is always the same.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::graph::{self, GraphError};

/// How many pages are kept.
const KEPT: usize = 256;

/// All that a page depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) query: Option<String>,
    pub(crate) prefer: Option<String>,
    pub(crate) base: String,
}

/// One page, ready to be sent.
#[derive(Clone, Debug)]
struct Written {
    body: Bytes,
    preference_applied: Option<HeaderValue>,
}

/// The pages that were asked for, so that a program under load is measured and not this one.
#[derive(Debug, Default)]
pub(crate) struct Pages(Mutex<HashMap<Asked, Written>>);

impl Pages {
    /// Answers one request for the collection of messages.
    pub(crate) fn get(&self, asked: Asked) -> Result<Response, GraphError> {
        if let Some(written) = self.lock().get(&asked) {
            return Ok(written.clone().into_response());
        }
        let written = write(&asked)?;
        let mut pages = self.lock();
        if pages.len() >= KEPT {
            pages.clear();
        }
        pages.insert(asked, written.clone());
        Ok(written.into_response())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Asked, Written>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(asked: &Asked) -> Result<Written, GraphError> {
    let page = graph::messages(asked.query.as_deref(), asked.prefer.as_deref(), &asked.base)?;
    let preference_applied = page.preference_applied.and_then(|value| HeaderValue::try_from(value).ok());
    Ok(Written { body: page.body.to_string().into(), preference_applied })
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(
            self.preference_applied.map(|value| (header::HeaderName::from_static("preference-applied"), value)),
        );
        response
    }
}
