//! Whether a host can be reached, once its name, the proxy and the certificates are as they should be.

use super::{
    super::{
        check::{Check, Finding},
        endpoint::Need,
        network::{
            Probed,
            fault::{ConnectFault, Fault, ProxyFault, TlsFault},
        },
        words,
    },
    ca, dns, proxy,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "reach";

pub(in super::super) fn check(probed: &Probed) -> Check {
    let label = probed.endpoint.label();
    let check = match &probed.outcome {
        Ok(shown) => {
            let tls = shown.as_ref().map_or_else(String::new, |shown| format!(", TLS issued by {}", shown.issuer));
            let way = probed.hop.as_ref().map_or_else(String::new, |hop| format!(" through {}", hop.host()));
            Check::ok(ID, format!("connected{way}{tls} ({})", probed.endpoint.purpose))
        }
        Err(fault) => unreached(fault, probed),
    };
    let check = check.about(label);
    if probed.endpoint.need == Need::Guide { check.at_most_warn() } else { check }
}

fn unreached(fault: &Fault, probed: &Probed) -> Check {
    if fault.untrusted().is_some() {
        return Check::skipped_because_of(ID, ca::ID);
    }
    if fault.is_of_proxy_itself() {
        return Check::skipped_because_of(ID, proxy::ID);
    }
    match fault {
        Fault::OutOfTime => {
            let cause = "Each step on the way was slow, or the resolver hangs.";
            let finding = Finding::new(
                cause,
                "Look at the machine's DNS settings, and run it again.",
                Who::Network,
                words::TIMED_OUT,
            );
            Check::fail(ID, "nothing was known when the time of the run was over", finding)
        }
        Fault::Name(_) => Check::skipped_because_of(ID, &format!("{} {}", dns::ID, probed.endpoint.label())),
        Fault::Connect(fault) => unconnected(*fault, probed),
        Fault::Proxy(fault) => denied(fault, probed),
        Fault::Tls(fault) => {
            let finding = match fault {
                TlsFault::OutOfTime(_) => Finding::new(
                    "By this machine's clock the certificate has expired or is not good yet.",
                    "Check this machine's clock first; if it is right, whoever runs the host or the proxy renews the certificate.",
                    Who::Operator,
                    words::EXPIRED,
                ),
                TlsFault::OtherName(_) => Finding::new(
                    "What answers there is another host, or a proxy that shows a wrong certificate.",
                    "Check the address, and to which address its name resolves.",
                    Who::Operator,
                    words::OTHER_NAME,
                ),
                TlsFault::Late => Finding::new(
                    "The connection was made, and then nothing came: something on the way drops TLS.",
                    format!("Allow TCP {} to the host, TLS included.", probed.endpoint.port()),
                    Who::Network,
                    words::TIMED_OUT,
                ),
                TlsFault::Reset => Finding::new(
                    "Something on the way ends the connection when TLS begins, mostly a firewall that looks at names.",
                    "Allow TLS to this host name (SNI).",
                    Who::Network,
                    words::RESET,
                ),
                TlsFault::Untrusted(_) | TlsFault::Other(_) => Finding::new(
                    "What answers there does not speak TLS as it should.",
                    "Check what stands between this machine and the host.",
                    Who::Network,
                    words::TLS,
                ),
            };
            Check::fail(ID, format!("no TLS connection: {}", tls(fault)), finding)
        }
    }
}

/// Says what failed in the handshake.
pub(super) fn tls(fault: &TlsFault) -> String {
    match fault {
        TlsFault::Untrusted(shown) => format!("the authority {:?} is not trusted here", shown.authority),
        TlsFault::OtherName(shown) => format!("the certificate is for {:?}", shown.subject),
        TlsFault::OutOfTime(shown) => {
            format!("the certificate for {:?} has expired or is not good yet", shown.subject)
        }
        TlsFault::Late => "nothing came in time".to_owned(),
        TlsFault::Reset => "the peer ended the connection".to_owned(),
        TlsFault::Other(text) => text.clone(),
    }
}

fn unconnected(fault: ConnectFault, probed: &Probed) -> Check {
    let (port, label) = (probed.endpoint.port(), probed.endpoint.label());
    let (seen, own) = match fault {
        ConnectFault::Late => (format!("{label} does not answer on TCP {port}"), words::TIMED_OUT),
        ConnectFault::Refused => (format!("{label} refuses the connection on TCP {port}"), words::REFUSED),
        ConnectFault::Unreachable => (format!("there is no way from here to {label}"), words::UNREACHABLE),
        ConnectFault::Reset => (format!("the connection to {label} broke off"), words::RESET),
        ConnectFault::Other(kind) => (format!("{label} could not be connected to ({kind})"), words::UNREACHABLE),
    };
    let (cause, cure) = match fault {
        _ if probed.is_private() => (
            "The name resolves to a private address, which this machine cannot reach.".to_owned(),
            format!(
                "Bring this machine into the network of the private endpoint (peering, VPN, ExpressRoute, point-to-site, bastion), and \
                 allow TCP {port} to its subnet."
            ),
        ),
        ConnectFault::Refused => (
            "Nothing listens there, or a firewall says no.".to_owned(),
            format!("Check the address; then ask for a firewall rule that allows TCP {port} to {label}."),
        ),
        _ => (
            "A firewall drops the packets, or only a proxy leads out of this network.".to_owned(),
            format!("Ask for a firewall rule that allows TCP {port} to {label}, or set HTTPS_PROXY."),
        ),
    };
    Check::fail(ID, seen, Finding::new(cause, cure, Who::Network, own))
}

/// The proxy works, but not for this host.
fn denied(fault: &ProxyFault, probed: &Probed) -> Check {
    let label = probed.endpoint.label();
    if *fault == ProxyFault::HungUp {
        let finding = Finding::new(
            "The proxy lets other hosts through: a rule of its own ends connections to this one.",
            "Ask whoever runs the proxy to allow CONNECT to this host and port.",
            Who::Network,
            &[words::RESET, words::PROXY].concat(),
        );
        return Check::fail(ID, format!("the proxy hangs up on {label}"), finding);
    }
    let (status, reason) = match fault {
        ProxyFault::Denied { status, reason } => (status.as_u16(), reason.as_deref()),
        _ => (0, None),
    };
    let said = reason.map_or_else(String::new, |reason| format!(", {reason}"));
    let (seen, cause, cure, own) = match (status, reason) {
        (0, _) => (
            format!("the proxy made no connection to {label} in time"),
            "The proxy accepted us, and then did not answer: it cannot reach the host, or is overloaded.",
            "Ask whoever runs the proxy whether it may and can connect to the host.",
            [words::TIMED_OUT, words::PROXY].concat(),
        ),
        (502..=504, Some("ERR_DNS_FAIL")) => (
            format!("the proxy does not know the name {label} ({status}{said})"),
            "The proxy's resolver does not know the host; a private endpoint's name is often known inside only.",
            "Correct the name; for hosts with a private endpoint, name them in NO_PROXY.",
            [words::NO_NAME, words::PROXY].concat(),
        ),
        (504, _) => (
            format!("the proxy got no connection to {label} ({status}{said})"),
            "The proxy could not reach the host.",
            "Ask whoever runs the proxy whether it may and can connect to the host.",
            [words::TIMED_OUT, words::PROXY].concat(),
        ),
        (502 | 503, _) => (
            format!("the proxy did not reach {label} ({status}{said})"),
            "The proxy could not resolve or not reach the host.",
            "Check the name; ask whoever runs the proxy; for hosts with a private endpoint, name them in NO_PROXY.",
            [words::NO_NAME, words::PROXY].concat(),
        ),
        _ => (
            format!("the proxy does not allow {label} ({status}{said})"),
            "A rule of the proxy forbids the connection.",
            "Ask whoever runs the proxy to allow CONNECT to this host and port.",
            words::PROXY.to_vec(),
        ),
    };
    Check::fail(ID, seen, Finding::new(cause, cure, Who::Network, &own))
}
