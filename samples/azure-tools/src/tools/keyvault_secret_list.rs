//! `azmcp_keyvault_secret_list`: the names and attributes of a vault's secrets, and never their values.
//!
//! Key Vault, `Get Secrets`, by the official crate `azure_security_keyvault_secrets` with the version that it sends.

use azure_core::time::{OffsetDateTime, to_rfc3339};
use azure_security_keyvault_secrets::{
    ResourceExt as _, SecretClient, SecretClientOptions,
    models::{SecretClientListSecretPropertiesOptions, SecretProperties},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Spec,
    arguments::{ResourceGroup, Subscription, Tenant, Text, Vault, Window},
    sdk::first,
};
use crate::{
    acting::{On, Session},
    azure::Kind,
    services::Service,
};

pub(super) struct KeyVaultSecretList;

/// Which vault.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The vault's name.
    vault: Text<Vault>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The vault's resource group; with it the vault is found without a list.
    resource_group: Option<Text<ResourceGroup>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

impl AzureTool for KeyVaultSecretList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_keyvault_secret_list",
        namespace: "keyvault",
        title: "Key Vault secrets",
        errand: "list the names of secrets",
        description: "Lists the names and attributes of the secrets in a key vault. Their values are not shown.",
        effect: Effect::Reads,
        needs: &[
            Need { service: Service::Arm, role: "Reader", scope: "the key vault" },
            Need { service: Service::KeyVault, role: "Key Vault Reader", scope: "the key vault" },
        ],
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscription = arguments.subscription.as_ref().map(Text::as_str);
        let group = arguments.resource_group.as_ref().map(Text::as_str);
        let kind = &Kind::VAULT;
        let vault = session.resource(kind, subscription, group, arguments.vault.as_str()).await?;
        let api = session.open(kind, &vault)?;
        let on = On { service: kind.service, api: &api, resource: Some(&vault), scope: None };

        let options = SecretClientOptions { client_options: session.sdk(on)?, ..SecretClientOptions::default() };
        let client = SecretClient::new(api.base_url(), session.credential(kind.service)?, Some(options));
        let page = SecretClientListSecretPropertiesOptions {
            maxresults: Some(PAGE),
            ..SecretClientListSecretPropertiesOptions::default()
        };
        match first(client.and_then(|client| client.list_secret_properties(Some(page))), window.wanted()).await {
            Ok(secrets) => Ok(window.result("secrets", &secrets, shown)),
            Err(error) => Err(session.explain_sdk(on, error).await),
        }
    }
}

/// The most that the service gives at once.
const PAGE: i32 = 25;

fn shown(one: &SecretProperties) -> Value {
    let attributes = one.attributes.as_ref();
    let time = |read: fn(&azure_security_keyvault_secrets::models::SecretAttributes) -> Option<OffsetDateTime>| {
        attributes.and_then(read).map(|time| to_rfc3339(&time))
    };
    json!({
        "name": one.resource_id().ok().map(|id| id.name),
        "enabled": attributes.and_then(|it| it.enabled),
        "contentType": one.content_type,
        "created": time(|it| it.created),
        "updated": time(|it| it.updated),
        "notBefore": time(|it| it.not_before),
        "expires": time(|it| it.expires),
        "managedByCertificate": one.managed.unwrap_or(false),
    })
}
