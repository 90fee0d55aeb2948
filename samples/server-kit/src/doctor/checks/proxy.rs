//! Which proxy is in the way, and whether it lets this server through.

use mcp_auth_layer::fetch::ProxyHop;

use super::super::{
    check::{Check, Finding},
    network::{
        Probed,
        fault::{ConnectFault, Fault, NameFault, ProxyFault},
    },
    patient::{EgressFault, Patient},
    words,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "proxy";

pub(in super::super) fn check(patient: &Patient, probed: &[Probed]) -> Check {
    let egress = match &patient.egress {
        Ok(egress) => egress,
        Err(EgressFault::Proxy(text)) => {
            let cure = "Write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with %-escapes in name and password.";
            return Check::fail(ID, text.clone(), Finding::new(text.clone(), cure, Who::Operator, words::PROXY));
        }
        Err(EgressFault::Roots(_)) => return Check::skipped_because_of(ID, "ca"),
    };
    let broken = probed.iter().find_map(|one| match (&one.hop, &one.outcome) {
        (Some(hop), Err(fault @ Fault::Proxy(why))) if fault.is_of_proxy_itself() => Some((hop, why)),
        _ => None,
    });
    let except = match egress.exceptions() {
        "" => "NO_PROXY is not set".to_owned(),
        list => format!("NO_PROXY excepts {list}"),
    };
    if let Some((hop, why)) = broken {
        let (seen, finding) = explain(hop, why);
        return Check::fail(ID, seen, finding).with_details([shown(hop), except]);
    }
    let mut hops: Vec<&ProxyHop> = probed.iter().filter_map(|one| one.hop.as_ref()).collect();
    hops.dedup();
    match hops.first() {
        None => Check::ok(ID, format!("none is in force; {except}")),
        Some(hop) => Check::ok(ID, format!("{}; {except}", shown(hop))),
    }
}

/// Names a proxy without its password.
fn shown(hop: &ProxyHop) -> String {
    let credentials = if hop.has_credentials() { "with a name and password" } else { "without a name and password" };
    format!("{} names {}:{}, {credentials}", hop.variable(), hop.host(), hop.port())
}

fn explain(hop: &ProxyHop, why: &ProxyFault) -> (String, Finding) {
    let (variable, host, port) = (hop.variable(), hop.host(), hop.port());
    let place = format!("the proxy {host}:{port}");
    match why {
        ProxyFault::Credentials { schemes } => credentials(hop, schemes),
        ProxyFault::Name(NameFault::NotFound) => (
            format!("{place} has a name that nobody knows"),
            Finding::new(
                format!("{variable} names a proxy whose host does not resolve."),
                format!("Correct the host in {variable}, or the machine's DNS."),
                Who::Operator,
                &[words::NO_NAME, words::PROXY].concat(),
            ),
        ),
        ProxyFault::Name(NameFault::Again | NameFault::Late) => (
            format!("{place}: the resolver does not answer"),
            Finding::new(
                "This machine's resolver did not say which address the proxy has.",
                "Look at the machine's DNS settings.",
                Who::Network,
                &[words::NO_RESOLVER, words::PROXY].concat(),
            ),
        ),
        ProxyFault::Connect(fault) => {
            let (what, own) = match fault {
                ConnectFault::Late => ("does not answer", words::TIMED_OUT),
                ConnectFault::Refused => ("refuses the connection", words::REFUSED),
                ConnectFault::Unreachable => ("cannot be reached from this network", words::UNREACHABLE),
                ConnectFault::Reset => ("breaks the connection off", words::RESET),
                ConnectFault::Other(_) => ("cannot be connected to", words::PROXY),
            };
            (
                format!("{place} {what}"),
                Finding::new(
                    format!("{variable} names a proxy that is not there, or not reachable from here."),
                    format!("Correct host and port in {variable}, or unset it where no proxy is needed."),
                    Who::Operator,
                    &[own, words::PROXY].concat(),
                ),
            )
        }
        ProxyFault::Tls(fault) => (
            format!("{place}: no TLS connection ({})", super::reach::tls(fault)),
            Finding::new(
                format!("{variable} says https, so that the proxy itself is spoken to over TLS, and that failed."),
                format!(
                    "Most proxies are spoken to in plain http: write http:// in {variable}. Else trust the proxy's CA by SSL_CERT_FILE."
                ),
                Who::Operator,
                &[words::TLS, words::PROXY].concat(),
            ),
        ),
        ProxyFault::NotAProxy | ProxyFault::HungUp | ProxyFault::Silent | ProxyFault::Denied { .. } => (
            format!("{place} answers with something that is not HTTP, or hangs up"),
            Finding::new(
                format!("What listens at the address in {variable} is no HTTP proxy."),
                format!("Correct the port in {variable}; SOCKS proxies are not supported."),
                Who::Operator,
                words::PROXY,
            ),
        ),
    }
}

/// 407 has three causes, which the answer and the variable tell apart.
fn credentials(hop: &ProxyHop, schemes: &[String]) -> (String, Finding) {
    let (variable, place) = (hop.variable(), format!("{}:{}", hop.host(), hop.port()));
    let basic = schemes.is_empty() || schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
    let (seen, cause, cure) = match (basic, hop.has_credentials()) {
        (false, _) => (
            format!("the proxy {place} takes {} only", schemes.join(" and ")),
            "The proxy asks for a kind of sign-in that this server does not have; it has Basic.".to_owned(),
            "Ask for a rule that lets this machine through without, or run a local proxy that signs in (such as cntlm or Px).".to_owned(),
        ),
        (true, true) => (
            format!("the proxy {place} refuses the name or password in {variable}"),
            "Name or password are wrong, have ended, or were not %-escaped in the URL.".to_owned(),
            format!("Correct them in {variable}; write @ as %40, : as %3A, / as %2F, % as %25."),
        ),
        (true, false) => (
            format!("the proxy {place} asks for a name and password, and {variable} has none"),
            "The proxy lets nobody through who does not sign in.".to_owned(),
            format!("Write them into {variable}: http://USER:PASSWORD@{place}, %-escaped."),
        ),
    };
    (format!("{seen} (407)"), Finding::new(cause, cure, Who::Operator, words::PROXY_CREDENTIALS))
}
