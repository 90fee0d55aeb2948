//! An app that has no credential (RFC 6749 section 2.1).

use super::{ClientAuth, ClientContext, ClientCredential, CredentialError, CredentialKind, CredentialStatus};
use crate::boxed::BoxFuture;

/// Proves nothing; possession of a code or a refresh token must do.
#[derive(Debug)]
pub(crate) struct PublicClient;

impl ClientCredential for PublicClient {
    fn authenticate<'a>(&'a self, _: &'a ClientContext<'a>) -> BoxFuture<'a, Result<ClientAuth, CredentialError>> {
        Box::pin(async { Ok(ClientAuth::public()) })
    }

    fn status(&self) -> CredentialStatus {
        CredentialStatus::of(CredentialKind::None)
    }
}
