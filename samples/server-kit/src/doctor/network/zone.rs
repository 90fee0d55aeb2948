//! Private endpoints: under which zone a resource's private address stands.

/// The suffixes of resources and the zones of their private endpoints, by cloud (learn.microsoft.com,
/// "Azure private endpoint private DNS zone values").
const ZONES: [(&str, &str); 22] = [
    ("blob.core.windows.net", "privatelink.blob.core.windows.net"),
    ("table.core.windows.net", "privatelink.table.core.windows.net"),
    ("queue.core.windows.net", "privatelink.queue.core.windows.net"),
    ("file.core.windows.net", "privatelink.file.core.windows.net"),
    ("dfs.core.windows.net", "privatelink.dfs.core.windows.net"),
    ("vault.azure.net", "privatelink.vaultcore.azure.net"),
    ("documents.azure.com", "privatelink.documents.azure.com"),
    ("servicebus.windows.net", "privatelink.servicebus.windows.net"),
    ("azconfig.io", "privatelink.azconfig.io"),
    ("search.windows.net", "privatelink.search.windows.net"),
    ("blob.core.usgovcloudapi.net", "privatelink.blob.core.usgovcloudapi.net"),
    ("table.core.usgovcloudapi.net", "privatelink.table.core.usgovcloudapi.net"),
    ("vault.usgovcloudapi.net", "privatelink.vaultcore.usgovcloudapi.net"),
    ("documents.azure.us", "privatelink.documents.azure.us"),
    ("servicebus.usgovcloudapi.net", "privatelink.servicebus.usgovcloudapi.net"),
    ("azconfig.azure.us", "privatelink.azconfig.azure.us"),
    ("blob.core.chinacloudapi.cn", "privatelink.blob.core.chinacloudapi.cn"),
    ("table.core.chinacloudapi.cn", "privatelink.table.core.chinacloudapi.cn"),
    ("vault.azure.cn", "privatelink.vaultcore.azure.cn"),
    ("documents.azure.cn", "privatelink.documents.azure.cn"),
    ("servicebus.chinacloudapi.cn", "privatelink.servicebus.chinacloudapi.cn"),
    ("azconfig.azure.cn", "privatelink.azconfig.azure.cn"),
];

/// Where the private address of a resource stands, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    /// The zone, such as `privatelink.blob.core.windows.net`.
    pub(crate) zone: &'static str,
    /// The resource's name in it. Public DNS knows it, too, as soon as the resource has a private endpoint.
    pub(crate) record: String,
}

/// Returns the zone that concerns a resource's host.
pub(crate) fn of(host: &str) -> Option<Zone> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    ZONES.iter().find_map(|(suffix, zone)| {
        let bare = |suffix: &str| host.strip_suffix(suffix)?.strip_suffix('.').map(str::to_owned);
        let name = bare(zone).or_else(|| bare(suffix)).filter(|name| !name.is_empty())?;
        Some(Zone { zone, record: format!("{name}.{zone}") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resources_zone_is_its_services() {
        for (host, record) in [
            ("contoso.blob.core.windows.net", Some("contoso.privatelink.blob.core.windows.net")),
            ("Contoso.Vault.Azure.Net.", Some("contoso.privatelink.vaultcore.azure.net")),
            ("contoso.privatelink.vaultcore.azure.net", Some("contoso.privatelink.vaultcore.azure.net")),
            ("contoso-westeurope.documents.azure.com", Some("contoso-westeurope.privatelink.documents.azure.com")),
            ("contoso.vault.usgovcloudapi.net", Some("contoso.privatelink.vaultcore.usgovcloudapi.net")),
            ("blob.core.windows.net", None),
            ("graph.microsoft.com", None),
            ("contoso.blob.core.windows.net.evil.example", None),
            ("notazconfig.io", None),
        ] {
            assert_eq!(of(host).map(|zone| zone.record).as_deref(), record, "{host}");
        }
    }
}
