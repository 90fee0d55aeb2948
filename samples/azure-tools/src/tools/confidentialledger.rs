//! What both tools of Confidential Ledger share: how a ledger is found and called.

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::LOCATION};
use mcp_auth_layer::fetch::TransportFault;
use mcp_obo::DownstreamError;
use server_kit::failure::Failure;

use super::arguments::{Ledger, ResourceGroup, Subscription, Text};
use crate::{
    acting::{On, Session},
    azure::{Kind, Resource},
    failure,
};

pub(super) const API_VERSION: &str = "2022-05-13";

/// Finds a ledger.
pub(super) async fn find(
    session: &Session<'_>,
    ledger: &Text<Ledger>,
    subscription: Option<&Text<Subscription>>,
    group: Option<&Text<ResourceGroup>>,
) -> Result<Resource, Failure> {
    let (subscription, group) = (subscription.map(Text::as_str), group.map(Text::as_str));
    session.resource(&Kind::LEDGER, subscription, group, ledger.as_str()).await
}

/// Sends one request to a ledger.
///
/// Twice only where the first cannot have had an effect: the handshake failed, for the ledger may have a new certificate; or the
/// node that answered is not the one that writes, and names that one.
pub(super) async fn call(
    session: &Session<'_>,
    resource: &Resource,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, Failure> {
    let kind = &Kind::LEDGER;
    let who = session.who(kind.service)?;
    let endpoint = resource.endpoint(kind).ok_or_else(|| failure::no_endpoint(kind.noun, kind.service))?;
    let mut ledger = session.azure().ledger(&resource.name, endpoint).await?;
    let mut answer = ledger.api.call(&*who, request.clone()).await;
    if answer.as_ref().is_err_and(is_of_certificate) {
        session.azure().forget(&ledger).await;
        ledger = session.azure().ledger(&resource.name, endpoint).await?;
        answer = ledger.api.call(&*who, request.clone()).await;
    }
    let mut answer = answer.map_err(|error| session.failed(kind.service, &error))?;
    if let Some(location) = node(&answer) {
        ledger.api = session.azure().ledger_node(&ledger, location)?;
        answer = ledger.api.call(&*who, request).await.map_err(|error| session.failed(kind.service, &error))?;
    }
    if answer.status().is_success() {
        return Ok(answer);
    }
    let on = On { service: kind.service, api: &ledger.api, resource: Some(resource), scope: None };
    Err(session.explain(on, &answer).await)
}

fn is_of_certificate(error: &DownstreamError) -> bool {
    // A fault of the exchange is one of the way to Entra.
    matches!(error, DownstreamError::Transport(_))
        && matches!(error.fault(), Some(TransportFault::TlsUntrusted | TransportFault::TlsOther))
}

fn node(answer: &Response<Bytes>) -> Option<&str> {
    let moves = [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT].contains(&answer.status());
    answer.headers().get(LOCATION).filter(|_| moves)?.to_str().ok()
}
