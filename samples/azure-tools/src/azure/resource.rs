//! Resources of a subscription, by Resource Manager's records of them.

use serde_json::Value;

use crate::services::Service;

/// A type of resource whose data plane tools call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Who answers at the resource's own address.
    pub(crate) service: Service,
    /// What people call it.
    pub(crate) noun: &'static str,
    /// Its type at Resource Manager.
    pub(crate) provider: &'static str,
    /// The version of its reference.
    pub(crate) api_version: &'static str,
    /// Where its record holds its address, as a JSON pointer.
    pub(crate) endpoint: &'static str,
}

impl Kind {
    /// Returns the path of the list of these, in a subscription or in a group of it.
    pub(crate) fn list(&self, scope: &str) -> String {
        format!("{scope}/providers/{}?api-version={}", self.provider, self.api_version)
    }

    /// `StorageAccounts - List`, `- List By Resource Group`, `- Get Properties`.
    pub(crate) const STORAGE_ACCOUNT: Self = Self {
        service: Service::Storage,
        noun: "storage account",
        provider: "Microsoft.Storage/storageAccounts",
        api_version: "2023-05-01",
        endpoint: "/properties/primaryEndpoints/blob",
    };
    /// `Vaults - List By Subscription`, `- Get`.
    pub(crate) const VAULT: Self = Self {
        service: Service::KeyVault,
        noun: "key vault",
        provider: "Microsoft.KeyVault/vaults",
        api_version: "2023-07-01",
        endpoint: "/properties/vaultUri",
    };
    /// `Configuration Stores - List`, `- Get`.
    pub(crate) const CONFIGURATION_STORE: Self = Self {
        service: Service::AppConfiguration,
        noun: "App Configuration store",
        provider: "Microsoft.AppConfiguration/configurationStores",
        api_version: "2024-05-01",
        endpoint: "/properties/endpoint",
    };
    /// `Database Accounts - List`, `- List By Resource Group`, `- Get`.
    pub(crate) const COSMOS_ACCOUNT: Self = Self {
        service: Service::Cosmos,
        noun: "Cosmos DB account",
        provider: "Microsoft.DocumentDB/databaseAccounts",
        api_version: "2024-11-15",
        endpoint: "/properties/documentEndpoint",
    };
    /// `Health Models - Get`; the version that still names the data plane.
    pub(crate) const HEALTH_MODEL: Self = Self {
        service: Service::HealthModels,
        noun: "health model",
        provider: "Microsoft.CloudHealth/healthmodels",
        api_version: "2023-10-01-preview",
        endpoint: "/properties/dataplaneEndpoint",
    };
    /// `Communication Services - List By Subscription`, `- Get`.
    pub(crate) const COMMUNICATION: Self = Self {
        service: Service::Communication,
        noun: "Communication Services resource",
        provider: "Microsoft.Communication/communicationServices",
        api_version: "2023-04-01",
        endpoint: "/properties/hostName",
    };
    /// `Ledger - List By Subscription`, `- Get`.
    pub(crate) const LEDGER: Self = Self {
        service: Service::ConfidentialLedger,
        noun: "ledger",
        provider: "Microsoft.ConfidentialLedger/ledgers",
        api_version: "2022-05-13",
        endpoint: "/properties/ledgerUri",
    };
}

/// A resource, as its record has it.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// Its id, of plain characters.
    pub(crate) id: String,
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) name: String,
    record: Value,
}

impl Resource {
    /// Takes a record; none for one without a readable id of this type.
    pub(crate) fn read(kind: &Kind, record: Value) -> Option<Self> {
        let id = record["id"].as_str().filter(|id| is_plain(id))?.to_owned();
        let parts: Vec<_> = id.split('/').collect();
        let ["", subscriptions, subscription, groups, group, providers, namespace, class, name] = parts[..] else {
            return None;
        };
        let words = [(subscriptions, "subscriptions"), (groups, "resourceGroups"), (providers, "providers")];
        let is_one = words.iter().all(|(given, word)| given.eq_ignore_ascii_case(word))
            && format!("{namespace}/{class}").eq_ignore_ascii_case(kind.provider);
        let (subscription, group, name) = (subscription.to_owned(), group.to_owned(), name.to_owned());
        is_one.then_some(Self { id, subscription, group, name, record })
    }

    /// Tells whether it is in this subscription, and in this group where one is named, and has the name of its record.
    pub(crate) fn is_in(&self, subscription: &str, group: Option<&str>) -> bool {
        let is_named = self.record["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&self.name));
        is_named
            && self.subscription.eq_ignore_ascii_case(subscription)
            && group.is_none_or(|group| group.eq_ignore_ascii_case(&self.group))
    }

    /// Returns where it answers, as its record says it; nothing has been judged.
    pub(crate) fn endpoint(&self, kind: &Kind) -> Option<&str> {
        self.record.pointer(kind.endpoint).and_then(Value::as_str)
    }
}

/// Ids are printed in commands, so that nothing in them may be read as anything else.
fn is_plain(id: &str) -> bool {
    id.len() <= 1_024 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.()".contains(&byte))
}

/// Returns the group in a record's id, to show it.
pub(crate) fn group_of(record: &Value) -> Option<&str> {
    record["id"].as_str()?.split('/').nth(4)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_taken_by_an_id_of_its_type_only() {
        let good = "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg(1)/providers/Microsoft.Storage/storageAccounts/one";
        for (name, id, expected) in [
            ("a storage account", good.to_owned(), true),
            ("in another case", good.replace("resourceGroups", "resourcegroups"), true),
            ("another type", good.replace("storageAccounts", "queues"), false),
            ("something below it", format!("{good}/blobServices/default"), false),
            ("a quote", good.replace("one", "o'ne"), false),
            ("a line break", good.replace("one", "one\nrm"), false),
            ("a dollar", good.replace("one", "$(one)"), false),
            ("no id", String::new(), false),
        ] {
            let found = Resource::read(&Kind::STORAGE_ACCOUNT, json!({"id": id}));
            assert_eq!(found.is_some(), expected, "{name}");
            assert!(found.is_none_or(|it| it.group == "rg(1)" && it.name == "one"), "{name}");
        }
    }
}
