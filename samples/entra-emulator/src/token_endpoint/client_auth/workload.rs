//! Workload identity federation: a token of somebody else's in place of the app's own credential.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::{
    error::EntraError,
    identity,
    jwt::Jwt,
    service::Service,
    state::State,
    tenant::{App, FederatedCredential, FederatedIssuer},
};

/// Matches a federated record part by part, each with its case, and checks who signed.
pub(super) fn check(state: &State, app: &App, token: &Jwt<'_>) -> Result<(), EntraError> {
    if app.federated.is_empty() {
        return Err(EntraError::new(70021));
    }
    let of_issuer: Vec<_> = app.federated.iter().filter(|record| issues(state, record, token.text("iss"))).collect();
    if of_issuer.is_empty() {
        return Err(EntraError::new(700_211));
    }
    check_subject(&of_issuer, token.text("sub"))?;
    if !is_for_exchange(&token.claims["aud"]) {
        return Err(EntraError::new(700_212));
    }
    if !is_signed(state, token) {
        return Err(EntraError::new(700_027));
    }
    // Of the tenant's own tokens only those of user-assigned identities are good, whatever the record says.
    let own = state.addresses.is_tenant_issuer(token.text("iss"));
    if own && !identity::is_user_assigned(token.text("oid")) { Err(EntraError::new(700_222)) } else { Ok(()) }
}

fn issues(state: &State, record: &FederatedCredential, issuer: &str) -> bool {
    match &record.issuer {
        FederatedIssuer::Tenant => state.addresses.is_tenant_issuer(issuer),
        FederatedIssuer::Cluster => issuer == state.cluster.issuer(),
        FederatedIssuer::Named(name) => issuer == name,
    }
}

fn check_subject(records: &[&FederatedCredential], subject: &str) -> Result<(), EntraError> {
    if records.iter().any(|record| record.subject == subject) {
        return Ok(());
    }
    // Entra says so when case is all that differs.
    let in_other_case = records.iter().any(|record| record.subject.eq_ignore_ascii_case(subject));
    Err(EntraError::new(if in_other_case { 7_002_138 } else { 700_213 }))
}

/// The audience of a tenant's own token is the client id of what the record spells as a URI; Kubernetes writes an array.
fn is_for_exchange(audience: &Value) -> bool {
    *audience == Service::EXCHANGE || *audience == Service::EXCHANGE_ID || *audience == json!([Service::EXCHANGE])
}

/// The cluster has its own key. For issuers elsewhere, where nobody listens, the tenant's keys stand in.
fn is_signed(state: &State, token: &Jwt<'_>) -> bool {
    if token.text("iss") == state.cluster.issuer() {
        token.header["alg"] == "RS256" && token.verifies(&state.cluster.key().decoding, Algorithm::RS256)
    } else {
        token.is_signed_by(&state.keys)
    }
}
