//! What is counted of the proxy, through the `metrics` facade (feature `metrics`).
//!
//! | name | kind | labels | measures |
//! |---|---|---|---|
//! | [`ANSWERS`] | counter | `endpoint` = `authorize`, `consent`, `forget`, `callback`, `token`, `register`, `revoke`; `outcome` = `ok`, `asked`, an error of OAuth, or `stopped_malformed`, `stopped_client`, `stopped_redirect`, `stopped_form`, `stopped_unknown`, `not_set_up`, `unanswered` | answers, by what came of them |
//!
//! `asked` are consent pages. What is `stopped` ends at a page that sends nobody anything: its client, redirect URI or form is not
//! good, or its sign-in is `unknown` in that browser. `not_set_up` and `server_error` want an operator; `temporarily_unavailable`
//! is Entra, the store or a host of documents. `unanswered` are methods and bodies that no client sends.

use super::{endpoint::Endpoint, respond::Answer};

/// Answers of the proxy, by endpoint and outcome.
pub const ANSWERS: &str = "mcp_obo_proxy_answers_total";

/// What came of a request; in the extensions of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome(pub(super) &'static str);

/// Notes what came of a request.
pub(super) fn noted(mut answer: Answer, outcome: &'static str) -> Answer {
    answer.extensions_mut().insert(Outcome(outcome));
    answer
}

#[cfg(feature = "metrics")]
pub(crate) fn describe() {
    metrics::describe_counter!(ANSWERS, "Answers of the OAuth front door, by endpoint and outcome.");
}

#[cfg(feature = "metrics")]
pub(super) fn answered(endpoint: Endpoint, answer: &Answer) {
    let name = match endpoint {
        // Documents are read all the time, and say nothing of anybody.
        Endpoint::Metadata => return,
        Endpoint::Authorize => "authorize",
        Endpoint::Consent => "consent",
        Endpoint::Forget => "forget",
        Endpoint::Callback => "callback",
        Endpoint::Token => "token",
        Endpoint::Register => "register",
        Endpoint::Revoke => "revoke",
    };
    metrics::counter!(ANSWERS, "endpoint" => name, "outcome" => outcome(endpoint, answer)).increment(1);
}

#[cfg(not(feature = "metrics"))]
pub(super) fn answered(_: Endpoint, _: &Answer) {}

#[cfg(feature = "metrics")]
fn outcome(endpoint: Endpoint, answer: &Answer) -> &'static str {
    let status = answer.status();
    match answer.extensions().get::<Outcome>() {
        Some(Outcome(noted)) => noted,
        None if endpoint == Endpoint::Authorize && status.is_success() => "asked",
        None if status.is_success() || status.is_redirection() => "ok",
        None => "unanswered",
    }
}
