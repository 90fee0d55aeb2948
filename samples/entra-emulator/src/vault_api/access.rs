//! Who may ask the vault: the token first, then the version of the interface, then the caller's access.

use http::header::AUTHORIZATION;

use super::{Request, error::VaultRefusal};
use crate::{
    jwt::Jwt,
    place::Place,
    service::Service,
    tenant::{TENANT_ID, V1_ISSUER},
};

/// The newest version with a number; later ones are named by their day.
const NEWEST_NUMBERED: u32 = 6;
/// The first version that is named by its day and knows all that is served here.
const FIRST_DATED: &str = "2025-07-01";

/// Lets a caller in.
pub(super) async fn check(request: &Request) -> Result<(), VaultRefusal> {
    let state = &request.shared.state;
    let (client, oid) = caller(request).inspect_err(|_| {
        state.counting.count(|counters| counters.vault_challenges += 1);
    })?;
    check_version(request.query.get("api-version").map_or("", String::as_str))?;
    if let Some(fault) = state.faults.meet(Place::Vault, &client).await {
        return Err(VaultRefusal::Fault(fault));
    }
    if state.vault.may_read(&client) {
        return Ok(());
    }
    let message =
        format!("Caller is not authorized to perform action on resource.\r\nCaller: appid={client};oid={oid}");
    Err(VaultRefusal::forbidden("ForbiddenByRbac", message))
}

/// Reads client and object id of the caller out of a token for the vault.
fn caller(request: &Request) -> Result<(String, String), VaultRefusal> {
    let value = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        return Err(challenge(request, "AKV10000: Request is missing a Bearer or PoP token.", ""));
    };
    let invalid = |message| challenge(request, message, "invalid_token");
    let state = &request.shared.state;
    let token = Jwt::read(token).filter(|token| token.is_signed_by(&state.keys) && !token.has_nonce());
    let token = token.ok_or_else(|| invalid("AKV10001: The token's signature is invalid."))?;
    if token.text("iss") != V1_ISSUER {
        return Err(invalid("AKV10032: Invalid issuer."));
    }
    if Service::find(token.text("aud")) != Some(Service::Vault) {
        return Err(invalid("AKV10022: Invalid audience. Expected https://vault.azure.net."));
    }
    if token.claims["exp"].as_i64().is_none_or(|end| end <= state.clock.now()) {
        return Err(invalid("AKV10046: The token is expired."));
    }
    Ok((token.text("appid").to_owned(), token.text("oid").to_owned()))
}

/// Names the authority and the resource by which a client gets a token.
fn challenge(request: &Request, message: &str, error: &str) -> VaultRefusal {
    let resource = Service::VAULT;
    let base = request.base.authority();
    let mut challenge = format!(r#"Bearer authorization="{base}/{TENANT_ID}", resource="{resource}""#);
    if !error.is_empty() {
        challenge = format!(r#"{challenge}, error="{error}", error_description="{message}""#);
    }
    VaultRefusal::Challenge { challenge, message: message.to_owned() }
}

fn check_version(version: &str) -> Result<(), VaultRefusal> {
    let numbered = version.strip_prefix("7.").and_then(|minor| minor.parse::<u32>().ok());
    if numbered.is_some_and(|minor| minor <= NEWEST_NUMBERED) || version == FIRST_DATED {
        return Ok(());
    }
    let text = if version.is_empty() { "api-version must be specified" } else { "api-version is not supported" };
    Err(VaultRefusal::bad_parameter(text))
}
