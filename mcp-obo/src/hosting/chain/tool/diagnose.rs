//! What a tool's error means, and what cures it. The tool's own words are shown cut and cleaned, where nothing better is known.

use super::{Tool, power_shell::NO_MODULE};
use crate::{
    aadsts,
    error::Diagnostic,
    hosting::chain::{identity::PERSONAL_ACCOUNTS, link::Miss},
};

/// The account is not known in the tenant, or the tenant not at all.
const OTHER_TENANT: [u32; 6] = [50_020, 50_034, 50_128, 50_177, 90_002, 90_072];
/// The sign-in has ended.
const ENDED: [u32; 10] = [50_089, 50_132, 50_133, 50_173, 54_005, 70_008, 70_043, 700_003, 700_082, 700_084];
/// It must satisfy more than it did.
const POLICY: [u32; 12] =
    [50_072, 50_074, 50_076, 50_078, 50_079, 50_097, 50_158, 53_000, 53_001, 53_002, 53_003, 530_032];

/// Explains why a tool ended with an error.
pub(super) fn refusal(tool: &Tool, text: &str, tenant: Option<&str>) -> Miss {
    let lower = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let sign_in = || sign_in(tool, tenant);
    if text.contains(NO_MODULE) {
        let miss = Miss::unavailable("the PowerShell module Az.Accounts is not installed");
        return miss.cured_by("run `Install-Module Az.Accounts`");
    }
    if lower.split(ends_a_name).any(|name| name == "live.com") || says(&[PERSONAL_ACCOUNTS]) {
        return personal(tool, tenant);
    }
    if let Some(code) = aadsts::number_in(text) {
        return by_number(tool, code, tenant);
    }
    if says(&["has expired", "have expired", "interactive authentication is needed", "reauthenticate"]) {
        return Miss::failed(format!("the sign-in of {} has expired", tool.label)).cured_by(sign_in());
    }
    if says(&["az login", "azd auth login", "connect-azaccount", "not logged in", "no account"]) {
        return Miss::unavailable(format!("nobody is signed in to {}", tool.label)).cured_by(sign_in());
    }
    if says(&["tenant"]) && says(&["not found", "isn't found", "does not exist", "doesn't exist", "not in"]) {
        return Miss::failed(format!("{} does not know the tenant", tool.label)).cured_by(sign_in());
    }
    if says(&["certificate_verify_failed", "certificate verify failed", "unable to get local issuer", "x509:"]) {
        let miss =
            Miss::failed(format!("{} does not trust the certificate of Entra, or of a proxy before it", tool.label));
        return miss.cured_by("give it the authority of your network, as REQUESTS_CA_BUNDLE or SSL_CERT_FILE");
    }
    if says(&[
        "name resolution",
        "getaddrinfo",
        "no such host",
        "max retries exceeded",
        "connection refused",
        "timed out",
    ]) {
        return Miss::failed(format!("{} cannot reach Entra", tool.label)).for_a_while();
    }
    Miss::failed(format!("{} ended with an error: {}", tool.label, shown(text))).cured_by(sign_in())
}

/// Explains why a tool that ended well gave nothing.
pub(super) fn no_token(tool: &Tool, text: &str, tenant: Option<&str>) -> Miss {
    if aadsts::number_in(text).is_some() || text.to_ascii_lowercase().contains("login") {
        return refusal(tool, text, tenant);
    }
    // Not a word of it: what cannot be read may be a token.
    let miss = Miss::failed(format!("{} printed nothing that can be read as a token", tool.label));
    miss.cured_by("update it")
}

/// Names that only end like another are other names: `olive.com`, `login.live.com`.
fn ends_a_name(one: char) -> bool {
    !one.is_ascii_alphanumeric() && one != '.' && one != '-'
}

/// Explains that a personal account is none.
pub(super) fn personal(tool: &Tool, tenant: Option<&str>) -> Miss {
    let reason =
        format!("a personal Microsoft account is signed in to {}; only work and school accounts count", tool.label);
    Miss::failed(reason).cured_by(sign_in(tool, tenant))
}

/// Explains that the token is another tenant's than was asked for.
pub(super) fn other_tenant(tool: &Tool, given: &str, tenant: Option<&str>) -> Miss {
    let given = Diagnostic::of(given);
    let reason = format!("{} gave a token of another tenant, {}", tool.label, given.as_str());
    Miss::failed(reason).cured_by(sign_in(tool, tenant))
}

fn by_number(tool: &Tool, code: u32, tenant: Option<&str>) -> Miss {
    let miss = told_by_number(tool, code, tenant);
    if aadsts::is_about_the_api(code) { miss.for_this_api() } else { miss }
}

fn told_by_number(tool: &Tool, code: u32, tenant: Option<&str>) -> Miss {
    let label = tool.label;
    let cure = sign_in(tool, tenant);
    match code {
        500_011 => Miss::failed(format!(
            "the API does not exist in the tenant or the cloud that {label} is signed in to (AADSTS{code})"
        ))
        .cured_by(cure),
        code if OTHER_TENANT.contains(&code) => {
            Miss::failed(format!("the account of {label} is not one of the tenant (AADSTS{code})")).cured_by(cure)
        }
        code if ENDED.contains(&code) => {
            Miss::failed(format!("the sign-in of {label} has expired (AADSTS{code})")).cured_by(cure)
        }
        code if POLICY.contains(&code) => {
            Miss::failed(format!("a policy asks for more than the sign-in of {label} gave (AADSTS{code})"))
                .cured_by(cure)
        }
        code => {
            let miss = Miss::failed(format!("Entra refuses the sign-in of {label} (AADSTS{code})"));
            match aadsts::find(code) {
                Some(known) => miss.cured_by(known.advice),
                None => miss.cured_by(cure),
            }
        }
    }
}

fn sign_in(tool: &Tool, tenant: Option<&str>) -> String {
    match tenant {
        Some(tenant) => format!("run `{} {} {tenant}`", tool.sign_in, tool.tenant_option),
        None => format!("run `{}`", tool.sign_in),
    }
}

/// The line that says most, made safe to show.
fn shown(text: &str) -> String {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line =
        lines().find(|line| line.starts_with("ERROR")).or_else(|| lines().next()).unwrap_or("it does not say which");
    let line = message(line).unwrap_or_else(|| line.to_owned());
    let safe = Diagnostic::of(line.trim());
    safe.as_str().chars().take(LONGEST).collect()
}

/// `azd` wraps what it says in JSON.
fn message(line: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(value.get("data")?.get("message")?.as_str()?.trim().to_owned())
}

const LONGEST: usize = 200;
