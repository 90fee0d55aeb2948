//! The SDK's way to the metadata service of this machine.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient as AzureClient, Request, Transport};
use mcp_auth_layer::fetch::{HttpClient, TransportFault};

use super::ManagedIdentityError;
use crate::azure_http;

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
        let response = self.http.send_to_metadata_service(azure_http::request(request)?).await.map_err(|why| {
            if let Some(fault) = why.fault() {
                self.note(ManagedIdentityError::Unreachable { fault });
            }
            azure_http::unreachable(why)
        })?;
        if !response.status().is_success() {
            self.note(ManagedIdentityError::Refused { status: response.status().as_u16() });
        }
        Ok(azure_http::response(response))
    }
}
