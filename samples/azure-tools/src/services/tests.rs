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

/// Copied from `api-permissions.md` of the Azure MCP Server and Microsoft's lists of endpoints, not from the table.
#[test]
fn permissions_and_resources_are_microsofts() {
    for (service, name, id) in [
        (Service::Arm, "user_impersonation", "41094075-9dad-400e-a0bd-54e686782033"),
        (Service::Storage, "user_impersonation", "03e0da56-190b-40ad-a80c-ea378c433f7f"),
        (Service::KeyVault, "user_impersonation", "f53da476-18e3-4152-8e01-aec403e6edc0"),
        (Service::AppConfiguration, "KeyValue.Read", "8d17f7f7-030c-4b57-8129-cfb5a16433cd"),
    ] {
        let [permission] = service.delegated_permissions() else { panic!("{service}") };
        assert_eq!((permission.name, permission.id), (name, id), "{service}");
    }
    for (cloud, service, resource) in [
        (Cloud::UsGov, Service::Arm, "https://management.usgovcloudapi.net"),
        (Cloud::UsGov, Service::KeyVault, "https://vault.usgovcloudapi.net"),
        (Cloud::UsGov, Service::AppConfiguration, "https://azconfig.azure.us"),
        (Cloud::China, Service::Arm, "https://management.chinacloudapi.cn"),
        (Cloud::China, Service::KeyVault, "https://vault.azure.cn"),
        (Cloud::China, Service::AppConfiguration, "https://azconfig.azure.cn"),
    ] {
        assert_eq!(service.place(cloud).map(|place| place.resource), Some(resource), "{service}");
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
