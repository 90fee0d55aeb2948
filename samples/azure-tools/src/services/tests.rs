use mcp_obo::catalogue::Delegation;

use super::*;

const CLOUDS: [Cloud; 3] = [Cloud::Public, Cloud::UsGov, Cloud::China];

#[test]
fn a_host_is_the_services_own_below_its_suffix_only() {
    let storage = Service::Storage.place(Cloud::Public).unwrap();
    for (host, expected) in [
        ("contoso.blob.core.windows.net", true),
        ("Contoso.Blob.Core.Windows.Net", true),
        ("contoso.z1.blob.core.windows.net", true),
        ("blob.core.windows.net", false),
        (".blob.core.windows.net", false),
        ("a..blob.core.windows.net", false),
        ("contosoblob.core.windows.net", false),
        ("contoso.blob.core.windows.net.evil.example", false),
        ("evil.example", false),
        ("contoso.blob.core.chinacloudapi.cn", false),
        ("contoso.blob.core.windows.net.", false),
        ("con_toso.blob.core.windows.net", false),
    ] {
        assert_eq!(storage.owns(host), expected, "{host}");
    }
    let arm = Service::Arm.place(Cloud::Public).unwrap();
    assert!(arm.owns("management.azure.com") && !arm.owns("x.management.azure.com"));
}

#[test]
fn every_service_is_in_the_catalogue_as_what_it_exposes() {
    for service in Service::ALL {
        let known = service.known().unwrap_or_else(|| panic!("{service} is not in the catalogue"));
        let place = service.place(Cloud::Public).unwrap();
        assert_eq!(known.resource(), Some(place.resource), "{service}");
        let exposes = known.delegation() == Delegation::Exposed;
        assert_eq!(exposes, !service.delegated_permissions().is_empty(), "{service}");
        assert_eq!(Service::find(service.word()), Some(service));
    }
}

#[test]
fn no_host_belongs_to_two_services_or_clouds() {
    let mut suffixes = Vec::new();
    for service in Service::ALL {
        for cloud in CLOUDS {
            suffixes.extend(service.place(cloud).map(|place| place.suffix));
        }
    }
    for (index, suffix) in suffixes.iter().enumerate() {
        let others = suffixes.iter().enumerate().filter(|(other, _)| *other != index);
        assert!(others.clone().all(|(_, other)| !suffix.ends_with(other)), "{suffix}");
    }
}
