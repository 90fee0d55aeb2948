//! `azmcp_appconfig_kv_list`: the settings of an App Configuration store.
//!
//! App Configuration, `Key-values - List`, api-version 2023-11-01.

use http::{Response, header::LINK};
use mcp_obo::DownstreamError;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use server_kit::failure::Failure;

use super::{
    AzureTool, Effect, Need, Spec,
    arguments::{ConfigurationStore, Filter, ResourceGroup, Subscription, Tenant, Text, Window},
};
use crate::{
    acting::{On, Session, get},
    azure::Kind,
    failure,
    services::Service,
};

pub(super) struct AppConfigurationList;

/// Which settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Arguments {
    /// The name of the App Configuration store.
    account: Text<ConfigurationStore>,
    /// The subscription's id or name; where it is left out, the one that the server is set up with.
    subscription: Option<Text<Subscription>>,
    /// The store's resource group; with it the store is found without a list.
    resource_group: Option<Text<ResourceGroup>>,
    /// Only settings of this key; an asterisk at the end stands for any text.
    key: Option<Text<Filter>>,
    /// Only settings of this label; an asterisk at the end stands for any text, and \\0 for no label.
    label: Option<Text<Filter>>,
    /// The tenant's id; it can only be the one of the acting identity.
    tenant: Option<Text<Tenant>>,
    /// How many to show, 1 to 500; 100 where nothing is said.
    top: Option<u32>,
    /// How many to leave out first.
    skip: Option<u32>,
}

impl AzureTool for AppConfigurationList {
    type Arguments = Arguments;

    const SPEC: Spec = Spec {
        name: "azmcp_appconfig_kv_list",
        namespace: "appconfig",
        title: "App Configuration settings",
        errand: "list settings",
        description: "Lists the settings of an Azure App Configuration store with their labels and values. A reference to a \
                      secret is shown as the reference.",
        effect: Effect::Reads,
        needs: &[
            Need { service: Service::Arm, role: "Reader", scope: "the App Configuration store" },
            Need {
                service: Service::AppConfiguration,
                role: "App Configuration Data Reader",
                scope: "the App Configuration store",
            },
        ],
    };

    async fn run(session: &Session<'_>, arguments: Arguments) -> Result<Value, Failure> {
        session.check_tenant(arguments.tenant.as_ref().map(Text::as_str)).await?;
        let window = Window::of(arguments.top, arguments.skip)?;
        let subscription = arguments.subscription.as_ref().map(Text::as_str);
        let group = arguments.resource_group.as_ref().map(Text::as_str);
        let kind = &Kind::CONFIGURATION_STORE;
        let store = session.resource(kind, subscription, group, arguments.account.as_str()).await?;
        let api = session.open(kind, &store)?;
        let on = On { service: kind.service, api: &api, resource: Some(&store), scope: None };
        let items = read(session, on, first(&arguments), window).await?;
        Ok(window.result("settings", &items, shown))
    }
}

fn first(arguments: &Arguments) -> String {
    let mut path = format!("/kv?api-version={API_VERSION}");
    if let Some(key) = &arguments.key {
        path.push_str(&format!("&key={}", key.encoded()));
    }
    match &arguments.label {
        // The form in which people write it; the service wants the character.
        Some(label) if label.as_str() == "\\0" => path.push_str("&label=%00"),
        Some(label) => path.push_str(&format!("&label={}", label.encoded())),
        None => {}
    }
    path
}

async fn read(session: &Session<'_>, on: On<'_>, mut path: String, window: Window) -> Result<Vec<Value>, Failure> {
    let mut items = Vec::new();
    for _ in 0..MAX_PAGES {
        let mut request = get(&path)?;
        request.headers_mut().insert(http::header::ACCEPT, KEY_VALUES);
        let answer = session.call(on, request).await?;
        let mut page: Value =
            serde_json::from_slice(answer.body()).map_err(|_| failure::unreadable(on.service, &answer))?;
        items.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
        window.thin(&mut items);
        let next = next(&answer).map_err(|error| session.failed(on.service, &error))?;
        match next {
            Some(next) if items.len() < window.wanted() => path = next,
            _ => {
                items.truncate(window.wanted());
                return Ok(items);
            }
        }
    }
    Err(session.failed(on.service, &DownstreamError::TooManyPages { limit: MAX_PAGES }))
}

const API_VERSION: &str = "2023-11-01";
const MAX_PAGES: usize = 110;
const KEY_VALUES: http::HeaderValue = http::HeaderValue::from_static("application/vnd.microsoft.appconfig.kvset+json");

/// Reads where the list goes on (RFC 8288); only a path of the same list is followed.
fn next<B>(answer: &Response<B>) -> Result<Option<String>, DownstreamError> {
    let links = answer.headers().get_all(LINK).iter().filter_map(|link| link.to_str().ok());
    // Addresses may have commas, so that each link ends where the next one's address begins.
    let links = links.flat_map(|links| links.split('<').filter_map(|link| link.split_once('>')));
    let mut next = links.filter(|(_, parameters)| parameters.replace([' ', '"'], "").contains(";rel=next"));
    match next.next() {
        None => Ok(None),
        Some((path, _)) if path.starts_with("/kv?") => Ok(Some(path.to_owned())),
        Some(_) => Err(DownstreamError::ForeignLink),
    }
}

fn shown(one: &Value) -> Value {
    json!({
        "key": one["key"],
        "label": one["label"],
        "value": one["value"],
        "contentType": one["content_type"],
        "lastModified": one["last_modified"],
        "locked": one["locked"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_at_a_path_of_its_own_only() {
        for (name, link, expected) in [
            (
                "the next page",
                "</kv?api-version=1.0&after=a%2Fb>; rel=\"next\"",
                Ok(Some("/kv?api-version=1.0&after=a%2Fb")),
            ),
            ("among others", "</kv?x>; rel=\"original\", </kv?y>; rel=\"next\"", Ok(Some("/kv?y"))),
            ("commas in it", "</kv?key=a,b>; rel=\"next\"", Ok(Some("/kv?key=a,b"))),
            ("a bare word", "</kv?x>; rel=next", Ok(Some("/kv?x"))),
            ("another relation", "</kv?x>; rel=\"prev\"", Ok(None)),
            ("another host", "<https://evil.example/kv?x>; rel=\"next\"", Err(())),
            ("another host, no scheme", "<//evil.example/kv?x>; rel=\"next\"", Err(())),
            ("another list", "</keys?x>; rel=\"next\"", Err(())),
        ] {
            let answer = Response::builder().header(LINK, link).body(()).unwrap();
            let next = next(&answer);
            assert_eq!(next.as_ref().map(Option::as_deref).map_err(|_| ()), expected, "{name}");
        }
    }

    #[test]
    fn filters_are_written_so_that_they_stay_values() {
        let arguments = json!({"account": "settings", "key": "a&api-version=x*", "label": "\\0"});
        let arguments: Arguments = serde_json::from_value(arguments).unwrap();
        assert_eq!(first(&arguments), "/kv?api-version=2023-11-01&key=a%26api-version%3Dx%2A&label=%00");
    }
}
