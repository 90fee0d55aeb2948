//! What Entra's refusals mean for whoever set the server up.

use std::error::Error;

use mcp_obo::{ExchangeError, ExchangeErrorKind as Kind, credential::CredentialError, hosting::chain::NoCredential};

use super::super::{
    check::{Check, Finding},
    words,
};
use crate::failure::Who;

/// The codes that have a cause of their own, more precise than the kind of the error.
const CAUSES: [(u32, &str, &str); 12] = [
    (
        7_000_215,
        "The client secret is wrong. What most often went wrong: the secret's ID was copied, not its value, or the secret is another app's.",
        "Make a new secret at the app registration (Certificates & secrets), copy its Value, and write that.",
    ),
    (
        7_000_222,
        "The client secret has expired.",
        "Make a new secret, or better register a certificate, at the app registration (Certificates & secrets).",
    ),
    (
        700_027,
        "The certificate is not registered at the app, or has been removed there.",
        "Upload the certificate's public part at the app registration (Certificates & secrets); compare the thumbprint.",
    ),
    (
        1_000_502,
        "The certificate has expired, or is not good yet.",
        "Make a new certificate, register it at the app registration, and put it where this server reads it.",
    ),
    (
        700_016,
        "There is no app with this id in this tenant: the id is misspelt, the tenant is another, or nobody has consented to the app there.",
        "Compare client id and tenant id with the app registration's overview; for an app of another tenant, grant admin consent first.",
    ),
    (7_000_112, "The app is disabled in the tenant.", "Enable its sign-in at Enterprise applications."),
    (90_002, "There is no such tenant in this cloud.", "Compare the tenant id, and AZURE_CLOUD."),
    (
        500_011,
        "The API is not known in this tenant: nobody has used it there yet, or its name is misspelt.",
        "Compare the API's name; an administrator makes it known with: az ad sp create --id API-APP-ID",
    ),
    (
        65_001,
        "Consent is missing: the permission was not added to the app, or not granted for the users of the tenant. Forgetting that is the usual reason why On-Behalf-Of fails.",
        "Add the delegated permission to the app registration, then grant admin consent for the tenant.",
    ),
    (
        53_003,
        "A Conditional Access policy blocks this sign-in.",
        "Find the attempt in the sign-in log by the ids below; its Conditional Access tab names the policy.",
    ),
    (
        53_000,
        "A Conditional Access policy wants a compliant device.",
        "Enrol the device (Intune), or ask for an exception for this app.",
    ),
    (
        50_076,
        "A Conditional Access policy wants multi-factor authentication, which nobody can answer without a person.",
        "Sign in interactively; for a service ask for a policy that excepts it, or use a service principal.",
    ),
];

/// Says what a refused or failed request for a token means.
pub(super) fn check(id: &'static str, whose: &str, error: &ExchangeError) -> Check {
    let known = error.aadsts_code().and_then(|code| CAUSES.iter().find(|(known, ..)| *known == code));
    let (cause, cure) = match known {
        Some((_, cause, cure)) => ((*cause).to_owned(), (*cure).to_owned()),
        None => (cause(error), sentence(error.advice())),
    };
    let mut own: Vec<String> = error.aadsts_code().map(|code| format!("AADSTS{code}")).into_iter().collect();
    own.push(error.kind().as_str().to_owned());
    own.extend(error.transport().into_iter().flat_map(words::of).map(|word| (*word).to_owned()));
    let finding = Finding { cause, cure, who: who(error.kind()), words: own };
    let seen = match (unpresented(error), below::<NoCredential>(error)) {
        // Entra has not seen it.
        (Some(why), _) => format!("{whose}: {why}"),
        // Nor this: each credential's own reason follows.
        (None, Some(_)) => format!("{whose}: no credential of this host gave a token"),
        (None, None) => format!("{whose}: {error}"),
    };
    Check::fail(id, seen, finding).with_ids(ids(error))
}

/// Returns what to quote to support.
pub(super) fn ids(error: &ExchangeError) -> impl Iterator<Item = String> {
    let ids = [("trace id", error.trace_id()), ("correlation id", error.correlation_id())];
    ids.map(|(name, id)| id.map(|id| format!("{name} {id}"))).into_iter().flatten()
}

fn cause(error: &ExchangeError) -> String {
    if let Some(why) = unpresented(error) {
        return format!("The credential could not be presented: {why}.");
    }
    match (error.transport(), below::<NoCredential>(error)) {
        (Some(fault), _) => format!("Entra could not be asked: {fault}."),
        (None, Some(source)) => sentence(&source.to_string()),
        (None, None) => sentence(&error.to_string()),
    }
}

/// Finds the error of this kind among the causes.
fn below<E: Error + 'static>(error: &ExchangeError) -> Option<&E> {
    std::iter::successors(error.source(), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Why a credential could not be presented, with the reason below it; foreign words are not among these errors.
fn unpresented(error: &ExchangeError) -> Option<String> {
    let source = below::<CredentialError>(error)?;
    let below = source.source().map_or_else(String::new, |below| format!(": {below}"));
    Some(format!("{source}{below}"))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

const fn who(kind: Kind) -> Who {
    match kind {
        Kind::Consent | Kind::BlockedByPolicy => Who::Administrator,
        Kind::Throttled => Who::Nobody,
        Kind::StepUp | Kind::AssertionRefused | Kind::AssertionExpired | Kind::NoUser | Kind::NotAUser => Who::Caller,
        _ => Who::Operator,
    }
}
