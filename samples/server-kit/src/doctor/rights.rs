//! What the acting identities may do: permissions of the app, and roles at each service.

use mcp_auth_layer::{VerifiedToken, token::BearerToken, verify::Verifier};
use mcp_obo::{AccessToken, BoxFuture, Exchange, ExchangeError, Target, TokenSource};
use secrecy::ExposeSecret as _;

use super::{
    account::Account,
    check::{Check, Finding},
    checks::{permissions, roles},
    errand::Errand,
    patient::{Patient, Service},
};
use crate::failure::Who;

/// Asks as the hosting identity, and as the user of `MCP_TOKEN`.
pub(super) async fn check(
    patient: &Patient,
    service: &Service,
    verifier: &Verifier,
    accounts: &[(Target, Account)],
) -> Vec<Check> {
    let (hosted, acted_for): (Vec<&Errand>, Vec<&Errand>) =
        patient.errands.iter().partition(|errand| errand.is_hosted());
    let (closed, open): (Vec<&Errand>, Vec<&Errand>) =
        acted_for.iter().partition(|errand| permissions::is_closed(&patient.catalogue, &errand.target));
    let (of_host, of_user) =
        tokio::join!(of_host(service, accounts, &hosted), of_user(patient, service, verifier, &open));
    let mut checks = permissions::of_closed(&closed);
    checks.extend(of_host.into_iter().chain(of_user));
    // In the order of what depends on what, whoever acts.
    checks.sort_by_key(|check| check.id == roles::ID);
    checks
}

async fn of_host(service: &Service, accounts: &[(Target, Account)], errands: &[&Errand]) -> Vec<Check> {
    let checks = permissions::of_host(accounts, errands);
    match &service.hosting {
        Some(identity) => followed_by_roles(checks, identity, errands).await,
        None => checks,
    }
}

async fn of_user(patient: &Patient, service: &Service, verifier: &Verifier, errands: &[&Errand]) -> Vec<Check> {
    if errands.is_empty() {
        return Vec::new();
    }
    let (Some(token), Some(credentials)) = (&service.user_token, &service.credentials) else {
        let why = "a user's roles show with a user only (MCP_TOKEN)";
        let roles = errands.iter().map(|errand| roles::unasked(errand, why));
        return permissions::of_nobody(service, errands).await.into_iter().chain(roles).collect();
    };
    let user = match verifier.verify(BearerToken::new(token.expose_secret().trim())).await {
        Ok(user) => user,
        Err(rejection) => return vec![not_for_us(service, &rejection.to_string())],
    };
    let exchange = Exchange::new(&service.app, credentials.clone()).with_catalogue(patient.catalogue.clone());
    let exchange = errands.iter().fold(exchange, |all, errand| all.add_target(&errand.target));
    let user = AsUser { exchange, user };
    followed_by_roles(permissions::of_user(&user, errands).await, &user, errands).await
}

async fn followed_by_roles(mut checks: Vec<Check>, who: &dyn TokenSource, errands: &[&Errand]) -> Vec<Check> {
    match checks.iter().find(|check| check.is_fail()).map(Check::name) {
        Some(other) => checks.push(Check::skipped_because_of(roles::ID, &other)),
        None => checks.extend(roles::of(who, errands).await),
    }
    checks
}

fn not_for_us(service: &Service, why: &str) -> Check {
    let finding = Finding::new(
        "The token in MCP_TOKEN is not one that this server lets in, so that nothing can be found out by it.",
        format!("Get one with: {}", service.token_line()),
        Who::Caller,
        &["401", "invalid_token", "MCP_TOKEN"],
    );
    Check::fail(permissions::ID, format!("MCP_TOKEN: {why}"), finding)
}

/// The user of a token, acted for as in a request.
#[derive(Debug)]
struct AsUser {
    exchange: Exchange,
    user: VerifiedToken,
}

impl TokenSource for AsUser {
    fn token<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(self.exchange.token(&self.user, target))
    }

    fn token_with_claims<'a>(
        &'a self,
        target: &'a Target,
        challenge: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, ExchangeError>> {
        Box::pin(self.exchange.token_with_claims(&self.user, target, challenge))
    }

    fn invalidate(&self, target: &Target, spent: &AccessToken) {
        self.exchange.invalidate(&self.user, target, spent);
    }
}
