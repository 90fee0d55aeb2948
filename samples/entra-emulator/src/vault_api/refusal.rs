//! Key Vault's refusals.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    azure::{Action, Call, Caller, Cause, Denial, Dialect, Unauthenticated},
    error::Ids,
    fault::RetryAfter,
    place::Place,
    service::Service,
    tenant::{TENANT_ID, V1_ISSUER},
};

/// How Key Vault speaks.
pub(super) struct KeyVault;

impl Dialect for KeyVault {
    const SERVICE: Service = Service::Vault;
    const PLACE: Place = Place::Vault;
    const NAME: &'static str = "key_vault";
    const ACTION: Action = Action::GetSecret;
    const EVALUATES: bool = true;

    fn deny(call: &Call, caller: Option<&Caller>, cause: Cause) -> Denial {
        match cause {
            Cause::Unauthenticated(why) => unauthenticated(call, why),
            Cause::Claims(claims) => challenge(
                call,
                "The session has to be evaluated again.",
                &format!(r#", error="insufficient_claims", claims="{claims}""#),
            ),
            Cause::Forbidden(action, scope) => match caller {
                Some(caller) => forbidden(caller, action, &scope),
                None => denied("ForbiddenByRbac", "The caller is not authorized to do this."),
            },
            Cause::Throttled => {
                let text = "The request was not processed because too many requests were received.";
                Denial::new(StatusCode::TOO_MANY_REQUESTS, "Throttled", text)
            }
            Cause::BadRequest => bad_parameter("The request is invalid."),
            Cause::Unavailable => {
                Denial::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service is unavailable.")
            }
        }
    }

    /// Key Vault does not say: its clients back off by themselves.
    fn come_again(_: RetryAfter, _: i64) -> Option<(HeaderName, String)> {
        None
    }

    fn render(_: &Call, denial: &Denial, _: &Ids) -> Response {
        let mut error = json!({"code": denial.code, "message": denial.message});
        if let Some(inner) = denial.inner {
            error["innererror"] = json!({"code": inner});
        }
        (denial.status, Json(json!({"error": error}))).into_response()
    }

    fn stamp(_: &Call, response: &mut Response, ids: &Ids) {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        ids.write_request_id(headers, "x-ms-request-id");
    }
}

/// Key Vault has no keys or signatures of its own: whoever presents some has presented no token.
fn unauthenticated(call: &Call, why: Unauthenticated) -> Denial {
    call.shared.state.counting.count(|counters| counters.vault_challenges += 1);
    let message = match why {
        Unauthenticated::Missing | Unauthenticated::Scheme | Unauthenticated::Local => {
            return challenge(call, "AKV10000: Request is missing a Bearer or PoP token.", "");
        }
        Unauthenticated::Malformed | Unauthenticated::Signature => "AKV10001: The token's signature is invalid.",
        Unauthenticated::Issuer => "AKV10032: Invalid issuer.",
        Unauthenticated::Audience => "AKV10022: Invalid audience. Expected https://vault.azure.net.",
        Unauthenticated::Expired => "AKV10046: The token is expired.",
    };
    challenge(call, message, &format!(r#", error="invalid_token", error_description="{message}""#))
}

/// Names the authority and the resource by which a client gets a token.
fn challenge(call: &Call, message: &str, more: &str) -> Denial {
    let (authority, resource) = (call.base.authority(), Service::VAULT);
    let challenge = format!(r#"Bearer authorization="{authority}/{TENANT_ID}", resource="{resource}"{more}"#);
    Denial::new(StatusCode::UNAUTHORIZED, "Unauthorized", message).with_challenge(challenge)
}

pub(super) fn bad_parameter(message: impl Into<String>) -> Denial {
    Denial::bad_request("BadParameter", message)
}

pub(super) fn denied(inner: &'static str, message: impl Into<String>) -> Denial {
    Denial::new(StatusCode::FORBIDDEN, "Forbidden", message).with_inner(inner)
}

/// Names who lacks what, and where, a line each.
pub(super) fn forbidden(caller: &Caller, action: Action, vault: &str) -> Denial {
    let (client, oid, action) = (&caller.client_id, &caller.object_id, action.name());
    let text = format!(
        "Caller is not authorized to perform action on resource.\r\nRole assignments that were changed recently take \
         time to count.\r\nCaller: appid={client};oid={oid};iss={V1_ISSUER}\r\nAction: '{action}'\r\nResource: \
         '{vault}'\r\nAssignment: (not found)\r\n"
    );
    denied("ForbiddenByRbac", text.to_owned())
}

pub(super) fn disabled(kind: &str) -> Denial {
    let inner = if kind == "secret" { "SecretDisabled" } else { "KeyDisabled" };
    denied(inner, format!("The operation is not allowed on a disabled {kind}."))
}

pub(super) fn not_found(kind: &str, name: &str) -> Denial {
    let code = match kind {
        "secret" => "SecretNotFound",
        "certificate" => "CertificateNotFound",
        "vault" => "VaultNotFound",
        _ => "KeyNotFound",
    };
    Denial::not_found(code, format!("A {kind} with (name/id) {name} was not found in this key vault."))
}
