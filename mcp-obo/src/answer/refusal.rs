//! Reads a refusal and decides what it means.
//!
//! `error`, `suberror` and `claims` decide, as Microsoft asks; Entra's numbers are hints where those say little. Multi-factor
//! authentication alone arrives as `interaction_required` or as `invalid_grant` with `basic_action`.

use bytes::Bytes;
use http::{Response, StatusCode};
use mcp_auth_layer::clock::UnixTime;
use serde_json::{Map, Value};
use std::time::Duration;

use crate::{
    aadsts::{self, Known},
    error::{
        Diagnostic,
        ExchangeErrorKind::{
            self, AssertionExpired, AssertionRefused, BlockedByPolicy, ClientCredential, Configuration, Consent,
            NotAUser, StepUp, Throttled, Unavailable,
        },
        Failure, Report,
    },
    retry_after,
};

/// How long a throttled caller waits when Entra does not say.
const THROTTLED: Duration = Duration::from_secs(30);

/// The members of a refusal, each read for itself: one of an odd type does not hide the others.
struct Refusal {
    error: String,
    suberror: String,
    claims: Option<String>,
    codes: Vec<u32>,
    report: Report,
}

pub(super) fn read(response: &Response<Bytes>, members: Option<Map<String, Value>>, now: UnixTime) -> Failure {
    let refusal = match members {
        Some(members) => Refusal::of(&members),
        None => Refusal::page(response.body()),
    };
    let known = refusal.codes.iter().find_map(|code| aadsts::find(*code));
    let kind = kind(response.status(), &refusal, known);
    let retry_after = match kind {
        Throttled => retry_after::read(response.headers(), now).or(Some(THROTTLED)),
        Unavailable => retry_after::read(response.headers(), now),
        _ => None,
    };
    let claims = refusal.claims.filter(|_| kind == StepUp);
    let client_refused =
        refusal.error == "invalid_client" && matches!(kind, ClientCredential | Configuration | NotAUser);
    Failure {
        retry_after,
        advice: known.filter(|known| known.kind == kind).map(|known| known.advice),
        report: Box::new(Report { claims, client_refused, ..refusal.report }),
        ..Failure::new(kind)
    }
}

fn kind(status: StatusCode, refusal: &Refusal, known: Option<&'static Known>) -> ExchangeErrorKind {
    let hint = known.map(|known| known.kind);
    match (status, refusal.error.as_str()) {
        (StatusCode::TOO_MANY_REQUESTS, _) => Throttled,
        (status, _) if status.is_server_error() => Unavailable,
        // Not Entra's words: a proxy's or firewall's page, or a redirect, which is not followed.
        (_, "") | (_, "temporarily_unavailable" | "server_error") => Unavailable,
        (_, "invalid_client") => match hint {
            Some(kind @ (Configuration | NotAUser)) => kind,
            // Also what Entra finds after it has accepted the credential: a permission that the registration lacks (650057), an
            // API that the tenant does not have (650052). It concerns one API or user, and must not be remembered against all.
            Some(kind @ (Consent | BlockedByPolicy | Throttled)) => kind,
            _ => ClientCredential,
        },
        (_, "invalid_grant" | "interaction_required" | "login_required" | "consent_required") => users(refusal, hint),
        (_, "access_denied") => hint.unwrap_or(BlockedByPolicy),
        // Federated credentials that do not match arrive as `invalid_request` too, and consent as `invalid_resource`.
        (_, "invalid_request" | "invalid_scope" | "invalid_resource" | "unauthorized_client") => {
            hint.unwrap_or(Configuration)
        }
        _ if refusal.claims.is_some() => StepUp,
        _ => hint.unwrap_or(Configuration),
    }
}

/// The errors that say: something about this user or this sign-in.
fn users(refusal: &Refusal, hint: Option<ExchangeErrorKind>) -> ExchangeErrorKind {
    match refusal.suberror.as_str() {
        "consent_required" => return Consent,
        // "There is a text to show, and nothing that the user can do": a policy's block carries claims all the same.
        "message_only" => return hint.filter(|kind| *kind != StepUp).unwrap_or(BlockedByPolicy),
        "basic_action" | "additional_action" | "user_password_expired" | "device_authentication_failed" => {
            return StepUp;
        }
        "client_mismatch" => return Configuration,
        "protection_policy_required" => return BlockedByPolicy,
        // With claims it says what a new sign-in must bring; without, only that one is needed.
        "bad_token" | "token_expired" if refusal.claims.is_none() => return hint.unwrap_or(AssertionRefused),
        _ => {}
    }
    match hint {
        // These go before `claims`: a sign-in that cannot help must not be asked for again and again (AADSTS50196).
        Some(kind @ (BlockedByPolicy | Throttled | NotAUser | Configuration | ClientCredential)) => kind,
        _ if refusal.claims.is_some() => StepUp,
        Some(kind @ (StepUp | Consent | AssertionRefused | AssertionExpired)) => kind,
        Some(kind) => kind,
        None => match refusal.error.as_str() {
            "interaction_required" | "login_required" => StepUp,
            "consent_required" => Consent,
            _ => AssertionRefused,
        },
    }
}

impl Refusal {
    fn of(members: &Map<String, Value>) -> Self {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let description = text("error_description").unwrap_or_default();
        let listed = members.get("error_codes").and_then(Value::as_array).into_iter().flatten();
        let mut codes: Vec<u32> = listed.filter_map(|code| u32::try_from(code.as_u64()?).ok()).collect();
        codes.extend(aadsts::number_in(description));
        let diagnostic = [text("error"), text("suberror"), Some(description)];
        let diagnostic: Vec<&str> = diagnostic.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        Self {
            error: text("error").unwrap_or_default().to_ascii_lowercase(),
            suberror: text("suberror").unwrap_or_default().to_ascii_lowercase(),
            claims: members.get("claims").and_then(claims),
            report: Report {
                aadsts: codes.first().copied(),
                trace_id: text("trace_id").and_then(id),
                correlation_id: text("correlation_id").and_then(id),
                diagnostic: Some(Diagnostic::of(&diagnostic.join(": "))),
                ..Report::default()
            },
            codes,
        }
    }

    fn page(body: &[u8]) -> Self {
        // The whole of it: a cut could leave the beginning of a token that is too short to be taken for one.
        let text = String::from_utf8_lossy(body);
        let report = Report { diagnostic: Some(Diagnostic::of(&text)), ..Report::default() };
        Self { error: String::new(), suberror: String::new(), claims: None, codes: Vec::new(), report }
    }
}

/// Entra sends the claims as a string that holds JSON; what does not hold an object could satisfy nobody.
fn claims(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => value.to_string(),
        _ => return None,
    };
    serde_json::from_str::<Map<String, Value>>(&text).ok().filter(|claims| !claims.is_empty()).map(|_| text)
}

/// An id is a GUID and goes into logs and results, so nothing else passes for one.
fn id(text: &str) -> Option<Box<str>> {
    let fits = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    fits.then(|| text.into())
}
