//! Addresses in each cloud, and permissions by their ids, as data.
//!
//! Addresses: Microsoft's lists of endpoints for Azure Government and Azure operated by 21Vianet. Permissions: the table
//! `api-permissions.md` of the Azure MCP Server, as of [`AS_OF`](mcp_obo::catalogue::AS_OF).

use mcp_auth_layer::cloud::Cloud;

use super::Service;

/// Where a service is in one cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its identifier URI at Entra.
    pub resource: &'static str,
    /// What the names of its hosts end with, without the dot.
    pub suffix: &'static str,
    /// Whether the suffix is the one host it has.
    pub is_one_host: bool,
    /// The zone of its private endpoints; none where it has none.
    pub private_zone: Option<&'static str>,
}

/// A permission that a user can delegate to an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DelegatedPermission {
    /// Its name, such as `user_impersonation`.
    pub name: &'static str,
    /// Its id in the service's registration, which is the same in every tenant.
    pub id: &'static str,
}

pub(super) const fn place(service: Service, cloud: Cloud) -> Option<Place> {
    match cloud {
        Cloud::Public => Some(public(service)),
        Cloud::UsGov | Cloud::UsGovDod => us_gov(service),
        Cloud::China => china(service),
        _ => None,
    }
}

const fn many(resource: &'static str, suffix: &'static str, private_zone: &'static str) -> Place {
    Place { resource, suffix, is_one_host: false, private_zone: Some(private_zone) }
}

const fn one(resource: &'static str, suffix: &'static str) -> Place {
    Place { resource, suffix, is_one_host: true, private_zone: None }
}

const fn public(service: Service) -> Place {
    match service {
        Service::Arm => one("https://management.azure.com", "management.azure.com"),
        Service::Storage => {
            many("https://storage.azure.com", "blob.core.windows.net", "privatelink.blob.core.windows.net")
        }
        Service::KeyVault => many("https://vault.azure.net", "vault.azure.net", "privatelink.vaultcore.azure.net"),
        Service::AppConfiguration => many("https://azconfig.io", "azconfig.io", "privatelink.azconfig.io"),
        Service::Cosmos => many("https://cosmos.azure.com", "documents.azure.com", "privatelink.documents.azure.com"),
        Service::HealthModels => Place {
            resource: "https://data.healthmodels.azure.com",
            suffix: "healthmodels.azure.com",
            is_one_host: false,
            private_zone: None,
        },
        Service::Communication => Place {
            resource: "https://communication.azure.com",
            suffix: "communication.azure.com",
            is_one_host: false,
            private_zone: None,
        },
        Service::ConfidentialLedger => Place {
            resource: "https://confidential-ledger.azure.com",
            suffix: "confidential-ledger.azure.com",
            is_one_host: false,
            private_zone: None,
        },
    }
}

/// The others are not offered there, or their resource is not documented.
const fn us_gov(service: Service) -> Option<Place> {
    Some(match service {
        Service::Arm => one("https://management.usgovcloudapi.net", "management.usgovcloudapi.net"),
        Service::Storage => {
            many("https://storage.azure.com", "blob.core.usgovcloudapi.net", "privatelink.blob.core.usgovcloudapi.net")
        }
        Service::KeyVault => many(
            "https://vault.usgovcloudapi.net",
            "vault.usgovcloudapi.net",
            "privatelink.vaultcore.usgovcloudapi.net",
        ),
        Service::AppConfiguration => {
            many("https://azconfig.azure.us", "azconfig.azure.us", "privatelink.azconfig.azure.us")
        }
        _ => return None,
    })
}

const fn china(service: Service) -> Option<Place> {
    Some(match service {
        Service::Arm => one("https://management.chinacloudapi.cn", "management.chinacloudapi.cn"),
        Service::Storage => {
            many("https://storage.azure.com", "blob.core.chinacloudapi.cn", "privatelink.blob.core.chinacloudapi.cn")
        }
        Service::KeyVault => many("https://vault.azure.cn", "vault.azure.cn", "privatelink.vaultcore.azure.cn"),
        Service::AppConfiguration => {
            many("https://azconfig.azure.cn", "azconfig.azure.cn", "privatelink.azconfig.azure.cn")
        }
        _ => return None,
    })
}

const fn named(name: &'static str, id: &'static str) -> DelegatedPermission {
    DelegatedPermission { name, id }
}

pub(super) const fn delegated_permissions(service: Service) -> &'static [DelegatedPermission] {
    const ARM: &[DelegatedPermission] = &[named("user_impersonation", "41094075-9dad-400e-a0bd-54e686782033")];
    const STORAGE: &[DelegatedPermission] = &[named("user_impersonation", "03e0da56-190b-40ad-a80c-ea378c433f7f")];
    const KEY_VAULT: &[DelegatedPermission] = &[named("user_impersonation", "f53da476-18e3-4152-8e01-aec403e6edc0")];
    // Of its permissions the one that reading settings needs.
    const APP_CONFIGURATION: &[DelegatedPermission] = &[named("KeyValue.Read", "8d17f7f7-030c-4b57-8129-cfb5a16433cd")];
    match service {
        Service::Arm => ARM,
        Service::Storage => STORAGE,
        Service::KeyVault => KEY_VAULT,
        Service::AppConfiguration => APP_CONFIGURATION,
        Service::Cosmos | Service::HealthModels | Service::Communication | Service::ConfidentialLedger => &[],
    }
}
