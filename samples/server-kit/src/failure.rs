//! What callers of a tool are told when it fails: for the model, for the person, and for the administrator.
//!
//! Every failure has a kind that a program can read, a cause, a cure, and who can apply it. Raw texts of Entra and of downstream
//! APIs do not go out; their ids do, because support asks for them.

use std::{error::Error as _, time::Duration};

use mcp_auth_layer::fetch::TransportFault;
use mcp_obo::{
    ExchangeError, ExchangeErrorKind,
    hosting::chain::{NoCredential, Outcome},
    outgoing::ActingAs,
};
use rmcp::model::{CallToolResult, ContentBlock};
use serde::{Serialize, Serializer};
use serde_json::json;

/// A failed call, as the caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A stable word.
    pub kind: &'static str,
    /// What happened.
    pub cause: Box<str>,
    /// What to do.
    pub cure: Box<str>,
    /// Who can do that.
    pub who: Who,
    /// The service that the call was for, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'static str>,
    /// Where to do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<Box<str>>,
    /// When to try again, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// What whoever can cure it may paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Box<CommandLine>>,
    /// What to quote to support.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub ids: Box<[String]>,
}

/// A command line, quoted as each shell wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandLine {
    /// For bash.
    pub bash: Box<str>,
    /// For PowerShell.
    pub power_shell: Box<str>,
}

/// Who can cure a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// The person who called.
    Caller,
    /// Whoever administers the tenant, or the resource.
    Administrator,
    /// Whoever runs this server.
    Operator,
    /// Whoever runs the network between here and there.
    Network,
    /// Time.
    Nobody,
}

impl Who {
    /// Returns the words that callers read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "you",
            Self::Administrator => "an administrator of the tenant",
            Self::Operator => "the operator of this server",
            Self::Network => "whoever runs the network",
            Self::Nobody => "nobody; it passes",
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a failure's texts need to know about a server.
#[derive(Clone, Debug)]
pub struct Context {
    /// `{authority}/{tenant}`, for links.
    pub tenant_url: String,
    /// The server's app.
    pub client_id: String,
    /// As whom downstream APIs are called.
    pub acting_as: ActingAs,
}

/// What a call wanted, in words.
#[derive(Clone, Copy, Debug)]
pub struct Errand<'a> {
    /// What a user does by it, such as `read the Message Center`.
    pub what: &'a str,
    /// The delegated permission behind it, with its API.
    pub permission: &'a str,
}

impl Failure {
    /// Makes a failure of these words alone.
    pub fn new(kind: &'static str, who: Who, cause: impl Into<Box<str>>, cure: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            cause: cause.into(),
            cure: cure.into(),
            who,
            service: None,
            link: None,
            retry_after: None,
            command: None,
            ids: Box::default(),
        }
    }

    /// Says when to try again.
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(seconds(pause));
        self
    }

    /// Adds what to quote to support.
    #[must_use]
    pub fn quoting(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.ids = std::mem::take(&mut self.ids).into_vec().into_iter().chain(ids).collect();
        self
    }

    /// Explains a call without a user.
    #[must_use]
    pub fn no_user(errand: Errand<'_>) -> Self {
        Self::new(
            "no_user",
            Who::Caller,
            format!("The call has no signed-in user, so there is nobody to {} as.", errand.what),
            "Sign in and send an access token for this server.",
        )
    }

    /// Explains why the acting identity got no token.
    #[must_use]
    pub fn of_exchange(error: &ExchangeError, errand: Errand<'_>, context: &Context) -> Self {
        let mut failure = exchange(error, errand, context);
        failure.retry_after = error.retry_after().map(seconds);
        failure.ids = [("AADSTS", error.aadsts_code().map(|code| code.to_string()))]
            .into_iter()
            .chain([("trace id ", error.trace_id().map(str::to_owned))])
            .chain([("correlation id ", error.correlation_id().map(str::to_owned))])
            .filter_map(|(name, id)| id.map(|id| format!("{name}{id}")))
            .collect();
        failure
    }

    /// Explains to the person at this machine why none of its credentials gave a token; none where the error is another.
    ///
    /// For nobody else: the reasons name what is installed here, and who is signed in.
    #[must_use]
    pub fn of_this_machine(error: &ExchangeError) -> Option<Self> {
        let attempts = no_credential(error)?.attempts();
        let tried = attempts.iter().filter(|attempt| attempt.outcome() != Outcome::Skipped);
        let lines: String = tried
            .map(|attempt| {
                let cure = attempt.cure().map(|cure| format!("; {cure}")).unwrap_or_default();
                format!("\n- {}: {}{cure}", attempt.credential(), attempt.reason())
            })
            .collect();
        let mut failure = unidentified(error.kind());
        failure.who = Who::Caller;
        failure.cause = format!("No credential of this machine gave a token:{lines}\n").into();
        failure.cure =
            "Cure one of them, by `az login` for example, and call again. AZURE_TOKEN_CREDENTIALS chooses which \
                        of them are asked."
                .into();
        failure.retry_after = error.retry_after().map(seconds);
        Some(failure)
    }

    /// Explains that an API asks for more than the acting identity's token has.
    #[must_use]
    pub fn challenged(api: &str, acting_as: ActingAs) -> Self {
        match acting_as {
            // No caller can sign in for the server.
            ActingAs::HostingIdentity => Self::new(
                "identity_challenged",
                Who::Operator,
                format!("{api} asks more of this server's own identity than its token has."),
                "Look for a Conditional Access policy for workload identities, or a risk that was found; the sign-in log of the \
                 identity names it.",
            ),
            _ => Self::new(
                "interaction_required",
                Who::Caller,
                format!("{api} asks for another sign-in before it answers."),
                "Sign in again, and satisfy what you are asked for.",
            ),
        }
    }

    /// Explains that this server has too many calls to an API under way.
    #[must_use]
    pub fn busy(api: &str) -> Self {
        Self::new(
            "busy",
            Who::Nobody,
            format!("This server has as many calls to {api} under way as it allows."),
            "Try again in a moment.",
        )
    }

    /// Says what failed on the way, in the words of the authentication guide.
    #[must_use]
    pub fn unavailable(whom: &str, fault: Option<TransportFault>) -> Self {
        let Some(fault) = fault else {
            return Self::new(
                "upstream_unavailable",
                Who::Nobody,
                format!("{whom} is not available now."),
                "Try again later.",
            );
        };
        Self::new(fault.kind(), Who::Operator, format!("{whom} could not be reached: {fault}."), cure(fault))
    }

    /// Makes the tool's result: an error, readable by programs and by people.
    #[must_use]
    pub fn into_result(self) -> CallToolResult {
        let mut text = format!("{} {} (who: {})", self.cause, self.cure, self.who.as_str());
        if let Some(command) = &self.command {
            text.push_str(&format!(
                "
bash: {}
PowerShell: {}",
                command.bash, command.power_shell
            ));
        }
        for part in self.link.as_deref().into_iter().chain(self.ids.iter().map(String::as_str)) {
            text.push('\n');
            text.push_str(part);
        }
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        result.structured_content = Some(json!({"error": self}));
        result
    }
}

fn seconds(pause: Duration) -> u32 {
    u32::try_from(pause.as_secs()).unwrap_or(u32::MAX)
}

fn exchange(error: &ExchangeError, errand: Errand<'_>, context: &Context) -> Failure {
    use ExchangeErrorKind as Kind;
    if no_credential(error).is_some() {
        return unidentified(error.kind());
    }
    match error.kind() {
        Kind::NoUser => Failure::no_user(errand),
        Kind::NotAUser => Failure::new(
            "app_only",
            Who::Caller,
            "The token is an application's; there is no user to act for.",
            "Sign in as a user.",
        ),
        Kind::StepUp => Failure::new(
            "interaction_required",
            Who::Caller,
            "The tenant asks for another sign-in, with multi-factor authentication or from a managed device, before this \
             server may act for you.",
            "Sign in again, and satisfy what you are asked for.",
        ),
        Kind::Consent => consent(error, errand, context),
        Kind::BlockedByPolicy => Failure::new(
            "blocked_by_policy",
            Who::Administrator,
            "A Conditional Access policy, or the state of the account, blocks this sign-in.",
            "Ask which policy applies; the ids below find the attempt in the sign-in log. Signing in again does not help.",
        ),
        Kind::AssertionRefused | Kind::AssertionExpired => Failure::new(
            "sign_in_expired",
            Who::Caller,
            "Entra no longer accepts the sign-in behind this call.",
            "Sign in again.",
        ),
        Kind::Throttled => {
            Failure::new("throttled", Who::Nobody, "Entra asks for a pause.", "Try again after the time given.")
        }
        Kind::Unavailable => Failure::unavailable("Entra", error.transport()),
        Kind::ClientCredential => Failure::new(
            "client_credential",
            Who::Operator,
            "Entra refused this server's own credential.",
            match context.acting_as {
                ActingAs::HostingIdentity => "Repair the hosting identity's credential; the log names the code.",
                _ => {
                    "Renew this server's credential (client secret, certificate or federated trust) at its app registration; the log names the \
                      code."
                }
            },
        ),
        Kind::NoDelegatedScope => Failure::new(
            "no_delegated_scope",
            Who::Operator,
            "The service behind this call cannot be called on behalf of a user.",
            error.advice(),
        ),
        _ => Failure::new(
            "configuration",
            Who::Operator,
            "This server asks Entra for something that is not set up.",
            "Read the server's log; the ids below find the attempt.",
        ),
    }
}

fn no_credential(error: &ExchangeError) -> Option<&NoCredential> {
    error.source()?.downcast_ref()
}

/// Callers elsewhere are not told what is on this host, nor who is signed in there.
fn unidentified(kind: ExchangeErrorKind) -> Failure {
    let kind = if kind == ExchangeErrorKind::Unavailable { "credential_unavailable" } else { "client_credential" };
    Failure::new(
        kind,
        Who::Operator,
        "No credential of the host that this server runs on gave a token.",
        "The log has a table that says why each has none, and the server's doctor makes another; one of them has to be cured.",
    )
}

/// Several things go by this name, and admin consent alone does not cure all of them: a registration may lack the permission, or
/// the tenant the API.
fn consent(error: &ExchangeError, errand: Errand<'_>, context: &Context) -> Failure {
    let mut failure = Failure::new(
        "consent_required",
        Who::Administrator,
        format!(
            "Consent is missing: this server's app may not yet {} for the users of the tenant (delegated permission {}).",
            errand.what, errand.permission
        ),
        format!(
            "What helps here: {}; admin consent is granted at the link below. Signing in again does not help.",
            error.advice()
        ),
    );
    failure.link = Some(format!("{}/adminconsent?client_id={}", context.tenant_url, context.client_id).into());
    failure
}

const fn cure(fault: TransportFault) -> &'static str {
    match fault {
        TransportFault::Dns => {
            "The server's DNS does not know the host: check DNS, and the private zone of a private endpoint."
        }
        TransportFault::ConnectTimeout => "A firewall drops the connection: allow TCP 443 from the server to the host.",
        TransportFault::Refused => "Nothing listens there, or a firewall refuses: check the address and the rules.",
        TransportFault::TlsUntrusted => {
            "The certificate's authority is not trusted: add the corporate CA (SSL_CERT_FILE)."
        }
        TransportFault::TlsOther => "The TLS handshake failed: check what stands between the server and the host.",
        TransportFault::Proxy => "The proxy did not connect: check HTTPS_PROXY and NO_PROXY.",
        TransportFault::Timeout => "The answer took too long; try again, then check the path to the host.",
        _ => "The connection broke; try again.",
    }
}
