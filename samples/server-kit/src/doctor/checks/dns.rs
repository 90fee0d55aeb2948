//! Whether names have addresses, and whether they are the right ones.

use std::net::IpAddr;

use super::{
    super::{
        check::{Check, Finding},
        endpoint::Need,
        network::{
            Probed,
            fault::{Fault, NameFault},
            resolve::is_private,
        },
        words,
    },
    reach,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "dns";

pub(in super::super) fn check(probed: &Probed) -> Check {
    let check = judge(probed).about(probed.endpoint.label());
    if probed.endpoint.need == Need::Guide { check.at_most_warn() } else { check }
}

fn judge(probed: &Probed) -> Check {
    if matches!(probed.outcome, Err(Fault::OutOfTime)) {
        return Check::skipped_because_of(ID, &format!("{} {}", reach::ID, probed.endpoint.label()));
    }
    match (&probed.addresses, &probed.hop) {
        (Ok(_), None) if probed.misses_private_endpoint() => public_instead(probed),
        (Ok(addresses), _) => Check::ok(ID, found(addresses, probed)),
        (Err(_), Some(hop)) => {
            Check::ok(ID, format!("not known to this machine; the proxy {} looks the name up", hop.host()))
        }
        (Err(fault), None) => nowhere(*fault, probed),
    }
}

fn found(addresses: &[IpAddr], probed: &Probed) -> String {
    let shown: Vec<_> = addresses.iter().take(4).map(ToString::to_string).collect();
    let kind = match addresses {
        [one] if one.is_loopback() => "this machine",
        all if all.iter().all(|address| is_private(*address)) => "private",
        _ => "public",
    };
    let zone = probed.private.as_ref().map(|(zone, found)| match found {
        Ok(_) => format!("; it has a private endpoint, zone {}", zone.zone),
        Err(_) => format!("; no private endpoint is known, its zone would be {}", zone.zone),
    });
    format!("{} ({kind}{})", shown.join(", "), zone.unwrap_or_default())
}

/// The resource has a private endpoint, and this machine is sent past it.
fn public_instead(probed: &Probed) -> Check {
    let zone = probed.private.as_ref().map(|(zone, _)| zone.clone());
    let (zone, record) = zone.map_or(("its privatelink zone", String::new()), |zone| (zone.zone, zone.record));
    let finding = Finding::new(
        "The resource has a private endpoint, but this machine's DNS answers with the public address. Where public access is \
         switched off the resource then refuses every request.",
        format!(
            "Link the private DNS zone {zone} to this machine's network, or forward that zone to a resolver that has it; the \
             record is {record}. Then the name must resolve to a private address such as 10.x."
        ),
        Who::Network,
        &["privatelink", "private endpoint", "PublicNetworkAccess", "dns"],
    );
    let seen = probed.addresses.as_ref().map(|all| found(all, probed)).unwrap_or_default();
    let seen = format!("a public address although there is a private endpoint: {seen}");
    if probed.outcome.is_ok() { Check::warn(ID, seen, finding) } else { Check::fail(ID, seen, finding) }
}

fn nowhere(fault: NameFault, probed: &Probed) -> Check {
    let host = probed.endpoint.host();
    let (seen, own) = match fault {
        NameFault::NotFound => (format!("{host} has no address"), words::NO_NAME),
        NameFault::Again => (format!("the resolver could not say which address {host} has"), words::NO_RESOLVER),
        NameFault::Late => (format!("the resolver did not say in time which address {host} has"), words::NO_RESOLVER),
    };
    let (cause, cure) = match &probed.private {
        Some((zone, _)) => (
            "The resource does not exist under this name, or it has a private endpoint whose zone this machine's DNS does not have.".to_owned(),
            format!(
                "Correct the resource's name. If it has a private endpoint: link the private DNS zone {} to this machine's network; \
                 the record is {}.",
                zone.zone, zone.record
            ),
        ),
        None => (
            "The name is wrong, or this machine's DNS does not know names of the internet, as in networks where only a proxy does."
                .to_owned(),
            "Correct the name; else set HTTPS_PROXY where a proxy leads out, or correct the machine's DNS.".to_owned(),
        ),
    };
    Check::fail(ID, seen, Finding::new(cause, cure, Who::Network, own))
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{
            check::Status,
            endpoint::Endpoint,
            network::{
                fault::{ConnectFault, Shown},
                zone,
            },
        },
        *,
    };

    const VAULT: &str = "https://contoso.vault.azure.net";

    fn probed(
        url: &str,
        addresses: Result<&str, NameFault>,
        record: Result<&str, NameFault>,
        outcome: Result<(), Fault>,
    ) -> Probed {
        let endpoint = Endpoint::new(url, "a resource", Need::Server).unwrap();
        let read = |found: Result<&str, NameFault>| found.map(|address| vec![address.parse().unwrap()]);
        Probed {
            addresses: read(addresses),
            private: zone::of(endpoint.host()).map(|zone| (zone, read(record))),
            hop: None,
            outcome: outcome.map(|()| Some(Shown::default())),
            endpoint,
        }
    }

    #[test]
    fn a_private_endpoint_that_is_missed_is_told_with_its_zone() {
        let (public, private, none) = (Ok("20.60.1.2"), Ok("10.1.2.3"), Err(NameFault::NotFound));
        let late = || Err(Fault::Connect(ConnectFault::Late));
        let unknown = || Err(Fault::Name(NameFault::NotFound));
        for (name, probed, status, seen) in [
            ("a private answer", probed(VAULT, private, private, Ok(())), Status::Ok, "10.1.2.3 (private; it has"),
            ("no private endpoint", probed(VAULT, public, none, Ok(())), Status::Ok, "no private endpoint is known"),
            ("a public answer that works", probed(VAULT, public, public, Ok(())), Status::Warn, "although there is"),
            (
                "a public answer that does not",
                probed(VAULT, public, private, late()),
                Status::Fail,
                "although there is",
            ),
            ("no answer", probed(VAULT, none, none, unknown()), Status::Fail, "contoso.vault.azure.net has no address"),
            ("no zone", probed("https://graph.microsoft.com", public, none, Ok(())), Status::Ok, "20.60.1.2 (public)"),
        ] {
            let check = check(&probed);
            assert_eq!(check.status, status, "{name}: {check:?}");
            assert!(check.seen.contains(seen), "{name}: {check:?}");
            if status == Status::Fail || status == Status::Warn {
                let cure = check.cure.as_deref().unwrap_or_default();
                assert!(cure.contains("privatelink.vaultcore.azure.net"), "{name}: {check:?}");
            }
        }
        assert!(
            nowhere(NameFault::NotFound, &probed(VAULT, none, none, unknown())).words.contains(&"ENOTFOUND".to_owned())
        );
    }

    #[test]
    fn a_private_address_that_is_out_of_reach_wants_a_way_into_its_network() {
        let fault = Err(Fault::Connect(ConnectFault::Late));
        let check = reach::check(&probed(VAULT, Ok("10.1.2.3"), Ok("10.1.2.3"), fault));
        assert!(check.is_fail() && check.words.contains(&"ETIMEDOUT".to_owned()), "{check:?}");
        assert!(check.cure.as_deref().is_some_and(|cure| cure.contains("ExpressRoute")), "{check:?}");
    }
}
