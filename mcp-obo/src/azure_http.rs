//! The Azure SDK's requests and answers as ours, so that both go through the same proxies, authorities and limits.

use azure_core::{
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, Request,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use bytes::Bytes;
use mcp_auth_layer::fetch::FetchError;

pub(crate) fn request(request: &Request) -> azure_core::Result<http::Request<Bytes>> {
    let Body::Bytes(body) = request.body() else {
        return Err(azure_core::Error::with_message(ErrorKind::Other, "streamed bodies are not sent"));
    };
    let mut translated = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        translated = translated.header(name.as_str(), value.as_str());
    }
    translated.body(body.clone()).map_err(|why| azure_core::Error::new(ErrorKind::Other, why))
}

pub(crate) fn response(response: http::Response<Bytes>) -> AsyncRawResponse {
    let mut headers = Headers::new();
    for (name, value) in response.headers() {
        if let Ok(value) = value.to_str() {
            headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
        }
    }
    AsyncRawResponse::from_bytes(response.status().as_u16().into(), headers, response.into_body())
}

/// Only what another attempt may cure is an `Io` error, which the SDK tries again.
pub(crate) fn unreachable(why: FetchError) -> azure_core::Error {
    let kind = if why.fault().is_some() { ErrorKind::Io } else { ErrorKind::Other };
    azure_core::Error::new(kind, why)
}
