//! The Azure SDK's network, over ours: the same proxies, authorities and limits everywhere.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::{
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, HttpClient as AzureClient, Request, Transport,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use bytes::Bytes;
use mcp_auth_layer::fetch::{FetchError, HttpClient, TransportFault};

use super::ManagedIdentityError;

/// Sends what the SDK asks for to the metadata service of this machine.
#[derive(Clone, Debug)]
pub(super) struct ToMetadataService {
    http: HttpClient,
    /// What the last attempt said, for those who do not wait until the SDK gives up.
    last: Arc<Mutex<Option<ManagedIdentityError>>>,
}

impl ToMetadataService {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http, last: Arc::default() }
    }

    pub(super) fn transport(&self) -> Transport {
        Transport::new(Arc::new(self.clone()))
    }

    /// Returns what the last attempt failed with; time, when none has ended.
    pub(super) fn given_up(&self) -> ManagedIdentityError {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.unwrap_or(ManagedIdentityError::Unreachable { fault: TransportFault::Timeout })
    }

    fn note(&self, why: ManagedIdentityError) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

#[async_trait]
impl AzureClient for ToMetadataService {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let request = translate(request)?;
        let response = self.http.send_to_metadata_service(request).await.map_err(|why| {
            if let Some(fault) = why.fault() {
                self.note(ManagedIdentityError::Unreachable { fault });
            }
            unreachable(why)
        })?;
        if !response.status().is_success() {
            self.note(ManagedIdentityError::Refused { status: response.status().as_u16() });
        }
        let mut headers = Headers::new();
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        Ok(AsyncRawResponse::from_bytes(response.status().as_u16().into(), headers, response.into_body()))
    }
}

fn translate(request: &Request) -> azure_core::Result<http::Request<Bytes>> {
    let Body::Bytes(body) = request.body() else {
        return Err(azure_core::Error::with_message(ErrorKind::Other, "streamed bodies are not sent"));
    };
    let mut translated = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
    for (name, value) in request.headers().iter() {
        translated = translated.header(name.as_str(), value.as_str());
    }
    translated.body(body.clone()).map_err(|why| azure_core::Error::new(ErrorKind::Other, why))
}

/// Only what another attempt may cure is an `Io` error, which the SDK tries again.
fn unreachable(why: FetchError) -> azure_core::Error {
    let kind = if why.fault().is_some() { ErrorKind::Io } else { ErrorKind::Other };
    azure_core::Error::new(kind, why)
}
