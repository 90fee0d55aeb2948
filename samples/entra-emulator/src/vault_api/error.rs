//! Key Vault's refusals.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use serde_json::json;

use crate::fault::Fault;

/// Why a request is refused.
#[derive(Debug)]
pub(super) enum VaultRefusal {
    Vault {
        status: StatusCode,
        code: &'static str,
        message: String,
        inner: Option<&'static str>,
    },
    /// The status is 401, and this is its challenge.
    Challenge {
        challenge: String,
        message: String,
    },
    Fault(Fault),
}

impl VaultRefusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Vault { status, code, message: message.into(), inner: None }
    }

    pub(super) fn bad_parameter(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadParameter", message)
    }

    pub(super) fn forbidden(inner: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Vault { status: StatusCode::FORBIDDEN, code: "Forbidden", message, inner: Some(inner) }
    }

    pub(super) fn disabled(kind: &str) -> Self {
        let inner = if kind == "secret" { "SecretDisabled" } else { "KeyDisabled" };
        Self::forbidden(inner, format!("The operation is not allowed on a disabled {kind}."))
    }

    pub(super) fn not_found(kind: &str, name: &str) -> Self {
        let code = match kind {
            "secret" => "SecretNotFound",
            "certificate" => "CertificateNotFound",
            _ => "KeyNotFound",
        };
        Self::new(
            StatusCode::NOT_FOUND,
            code,
            format!("A {kind} with (name/id) {name} was not found in this key vault."),
        )
    }

    /// What is left of trouble that is no broken answer.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        match fault {
            Fault::Throttled(_) | Fault::ThrottledUntil(_) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Throttled",
                "The request was not processed because too many requests were received.",
            ),
            Fault::BadRequest => Self::bad_parameter("The request is invalid."),
            Fault::Forbidden => Self::forbidden("ForbiddenByRbac", "The caller is not authorized to do this."),
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service is unavailable."),
        }
    }

    /// Key Vault sends no `Retry-After`: its clients back off by themselves.
    pub(super) fn respond(self) -> Response {
        let (status, code, message, inner, challenge) = match self {
            Self::Vault { status, code, message, inner } => (status, code, message, inner, None),
            Self::Challenge { challenge, message } => {
                (StatusCode::UNAUTHORIZED, "Unauthorized", message, None, HeaderValue::try_from(challenge).ok())
            }
            Self::Fault(fault) => return Self::of_fault(&fault).respond(),
        };
        let mut error = json!({"code": code, "message": message});
        if let Some(inner) = inner {
            error["innererror"] = json!({"code": inner});
        }
        let mut response = (status, Json(json!({"error": error}))).into_response();
        if let Some(challenge) = challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
