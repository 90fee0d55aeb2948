//! One request to a service, whole.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use url::form_urlencoded;

use super::Resource;
use crate::shared::{Base, Shared};

/// What a service sees of a request.
pub(crate) struct Call {
    pub(crate) shared: Shared,
    pub(crate) base: Base,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl FromRequest<Shared> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let base = Base::from_request_parts(&mut parts, shared).await.map_err(IntoResponse::into_response)?;
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            shared: shared.clone(),
            base,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: parts.headers.clone(),
            body: Bytes::from_request(Request::from_parts(parts, body), shared)
                .await
                .map_err(IntoResponse::into_response)?,
        })
    }
}

impl Call {
    /// Returns a parameter; blank is absent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the parts of the path between its slashes, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        self.path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    /// Returns the resource whose host was called.
    pub(crate) fn resource(&self) -> Result<&Resource, StatusCode> {
        let found = self.base.site().and_then(|site| self.shared.state.azure.at(site));
        found.ok_or(StatusCode::NOT_FOUND)
    }

    pub(crate) fn now(&self) -> i64 {
        self.shared.state.clock.now()
    }
}
