//! What Entra's errors mean for a sign-in here: what the client is told, what the log says, and by which word one finds the other.
//!
//! Nothing that Entra wrote goes to a client; its number and ids go to the log.

use tracing::{error, warn};
use uuid::Uuid;

use super::{
    error::{OAuthCode, OAuthError},
    reference::Reference,
    registration::{Lack, Registration},
};
use crate::{
    aadsts,
    error::{ExchangeError, ExchangeErrorKind},
};

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Whoever signs in again gets further.
    SignIn,
    /// Nobody is signed in, and the client wanted no page.
    Login,
    /// The person did not want to.
    Declined,
    /// An administrator has to agree.
    Consent,
    /// A rule of the organisation stops the person.
    Blocked,
    /// It passes.
    Passing,
    /// The app at Entra is not registered as it must be.
    NotSetUp(Lack),
    /// This server, its credential or its permissions are not as they must be.
    Misconfigured,
}

/// An error of Entra's, as far as it is read.
#[derive(Clone, Debug)]
pub(super) struct Told {
    meaning: Meaning,
    cure: &'static str,
    aadsts: Option<u32>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    reference: Reference,
}

impl Told {
    /// Reads what a browser brought back from the sign-in page.
    pub(super) fn at_sign_in(error: &str, description: Option<&str>) -> Self {
        let description = description.unwrap_or_default();
        let aadsts = aadsts::number_in(description);
        let meaning = aadsts.and_then(numbered).unwrap_or_else(|| named(error));
        let otherwise = match meaning {
            Meaning::Passing => "try again",
            _ => "compare tenant, client id and scopes with the app registration",
        };
        Self {
            meaning,
            cure: cure(meaning, aadsts, otherwise),
            aadsts,
            trace_id: id_after(description, "Trace ID: "),
            correlation_id: id_after(description, "Correlation ID: "),
            reference: Reference::random(),
        }
    }

    /// Reads what the token endpoint answered.
    pub(super) fn at_token(error: &ExchangeError) -> Self {
        let meaning = granted(error.kind(), error.aadsts_code());
        Self {
            meaning,
            cure: cure(meaning, error.aadsts_code(), error.advice()),
            aadsts: error.aadsts_code(),
            trace_id: error.trace_id().map(ToOwned::to_owned),
            correlation_id: error.correlation_id().map(ToOwned::to_owned),
            reference: Reference::random(),
        }
    }

    pub(super) const fn reference(&self) -> Reference {
        self.reference
    }

    /// Tells whether the app at Entra has to be registered otherwise, whoever signs in.
    pub(super) const fn is_not_set_up(&self) -> bool {
        matches!(self.meaning, Meaning::NotSetUp(_))
    }

    /// Writes the one line that the reference leads to.
    pub(super) fn log(&self, registration: &Registration) {
        let Self { cure, aadsts, reference, .. } = self;
        let (trace_id, correlation_id) = (self.trace_id.as_deref(), self.correlation_id.as_deref());
        match self.meaning {
            Meaning::NotSetUp(_) | Meaning::Misconfigured => error!(
                target: "mcp_obo::proxy", %reference, aadsts, trace_id, correlation_id, cure, %registration,
                "nobody can sign in until this is put right"
            ),
            Meaning::Passing => warn!(
                target: "mcp_obo::proxy", %reference, aadsts, trace_id, correlation_id, cure,
                "the sign-in service cannot answer"
            ),
            _ => warn!(
                target: "mcp_obo::proxy", %reference, aadsts, trace_id, correlation_id, cure,
                "the sign-in service refused"
            ),
        }
    }

    /// Returns what a client is told by way of the browser (RFC 6749 section 4.1.2.1).
    pub(super) fn by_redirect(&self) -> OAuthError {
        self.error(match self.meaning {
            Meaning::SignIn => OAuthCode::InteractionRequired,
            Meaning::Login => OAuthCode::LoginRequired,
            Meaning::Declined | Meaning::Consent | Meaning::Blocked => OAuthCode::AccessDenied,
            Meaning::Passing => OAuthCode::TemporarilyUnavailable,
            Meaning::NotSetUp(_) | Meaning::Misconfigured => OAuthCode::ServerError,
        })
    }

    /// Returns what a client is told at the token endpoint (RFC 6749 section 5.2).
    ///
    /// Whatever ends at the sign-in page, where the person is told more, is `invalid_grant`, on which clients drop what they
    /// have and sign in again. What passes is 503, and never `invalid_grant`: a moment's outage must not end everybody's session.
    ///
    /// Who has to register something is told what: no page shows it, since clients come here, and some show what they are told.
    pub(super) fn by_answer(&self, registration: &Registration) -> OAuthError {
        if self.is_not_set_up() {
            let text =
                format!("this server is not set up rightly at the sign-in service, which must have: {registration}");
            return OAuthError::referring(OAuthCode::ServerError, text, self.reference);
        }
        self.error(match self.meaning {
            Meaning::SignIn | Meaning::Login | Meaning::Declined | Meaning::Consent | Meaning::Blocked => {
                OAuthCode::InvalidGrant
            }
            Meaning::Passing => OAuthCode::TemporarilyUnavailable,
            Meaning::NotSetUp(_) | Meaning::Misconfigured => OAuthCode::ServerError,
        })
    }

    fn error(&self, code: OAuthCode) -> OAuthError {
        let text = match self.meaning {
            Meaning::SignIn => "the sign-in is no longer good, or not good enough; sign in again",
            Meaning::Login => "somebody has to sign in at the page",
            Meaning::Declined => "the sign-in was cancelled",
            Meaning::Consent => "an administrator of the organisation has to agree to this server first",
            Meaning::Blocked => "a rule of the organisation stops this sign-in; its administrator can say why",
            Meaning::Passing => "the sign-in service cannot answer now; try again",
            Meaning::NotSetUp(_) | Meaning::Misconfigured => {
                "this server is not set up rightly; its log says what is wrong"
            }
        };
        OAuthError::referring(code, text, self.reference)
    }
}

/// What a number means at the sign-in page, if it says more than the error's name.
fn numbered(number: u32) -> Option<Meaning> {
    use ExchangeErrorKind as Kind;
    if let Some(lack) = Lack::of(number) {
        return Some(Meaning::NotSetUp(lack));
    }
    Some(match (number, aadsts::find(number)?.kind) {
        (65_004, _) => Meaning::Declined,
        _ if nobody_can_agree(number) => Meaning::Misconfigured,
        (_, Kind::Consent) => Meaning::Consent,
        (_, Kind::BlockedByPolicy) => Meaning::Blocked,
        (_, Kind::StepUp | Kind::AssertionRefused | Kind::AssertionExpired) => Meaning::SignIn,
        (_, Kind::Throttled | Kind::Unavailable) => Meaning::Passing,
        _ => Meaning::Misconfigured,
    })
}

/// Tells whether the registration lacks the permission, or the tenant the API: to those nobody can agree.
const fn nobody_can_agree(number: u32) -> bool {
    matches!(number, 65_005 | 500_011 | 650_052 | 650_056 | 650_057)
}

/// What the name of an error means at the sign-in page (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
fn named(error: &str) -> Meaning {
    match error {
        "access_denied" => Meaning::Declined,
        "consent_required" => Meaning::Consent,
        "login_required" => Meaning::Login,
        "interaction_required" => Meaning::SignIn,
        // RFC 6749 has one for each status that a redirect cannot have: 500 and 503. Entra's own words on the first are: try again.
        "server_error" | "temporarily_unavailable" => Meaning::Passing,
        _ => Meaning::Misconfigured,
    }
}

/// What the token endpoint's error means.
fn granted(kind: ExchangeErrorKind, number: Option<u32>) -> Meaning {
    use ExchangeErrorKind as Kind;
    match (kind, number.and_then(Lack::of), number) {
        (Kind::Throttled | Kind::Unavailable, ..) => Meaning::Passing,
        (_, Some(lack), _) => Meaning::NotSetUp(lack),
        (.., Some(number)) if nobody_can_agree(number) => Meaning::Misconfigured,
        // The code or the refresh token itself, whatever else the number may stand for in an exchange.
        (_, _, Some(SPENT | MALFORMED | CODE_OVER | REFRESH_OVER | NO_PROOF)) => Meaning::SignIn,
        (Kind::StepUp | Kind::AssertionRefused | Kind::AssertionExpired, ..) => Meaning::SignIn,
        (Kind::Consent, ..) => Meaning::Consent,
        (Kind::BlockedByPolicy, ..) => Meaning::Blocked,
        _ => Meaning::Misconfigured,
    }
}

const SPENT: u32 = 54_005;
const CODE_OVER: u32 = 70_008;
const REFRESH_OVER: u32 = 700_082;
const NO_PROOF: u32 = 501_481;
/// The browser brings the code, so that a malformed one is the browser's.
const MALFORMED: u32 = 9_002_313;

fn cure(meaning: Meaning, number: Option<u32>, otherwise: &'static str) -> &'static str {
    match (meaning, number.and_then(aadsts::find)) {
        (Meaning::NotSetUp(lack), _) => lack.cure(),
        (Meaning::Misconfigured | Meaning::Consent | Meaning::Blocked, Some(known)) => known.advice,
        (Meaning::Misconfigured, None) => otherwise,
        (Meaning::Consent, None) => "an administrator grants the app's permissions for the tenant",
        (Meaning::Blocked, None) => "an administrator finds the sign-in by its correlation id and reviews the policy",
        (Meaning::SignIn | Meaning::Login, _) => "the person signs in again",
        (Meaning::Declined, _) => "the person agrees, or an administrator does so for the tenant",
        (Meaning::Passing, _) => otherwise,
    }
}

/// Reads an id out of what Entra wrote; nothing else of it may be logged, since it can name people.
fn id_after(text: &str, name: &str) -> Option<String> {
    let after = text.split_once(name)?.1;
    Uuid::try_parse(after.get(..36)?).ok().map(|id| id.to_string())
}

#[cfg(test)]
mod tests;
