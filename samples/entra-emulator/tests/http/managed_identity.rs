use entra_emulator::{
    API_CLIENT_ID, Config, Fault, Lifetime, Place, SYSTEM_ASSIGNED_CLIENT_ID, SYSTEM_ASSIGNED_OBJECT_ID, TENANT_ID,
    USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID, USER_ASSIGNED_RESOURCE_ID,
};
use serde_json::{Value, json};

use super::tenant::{Answer, Parameters, Tenant, part};

const EXCHANGE: &str = "api://AzureADTokenExchange";
/// The client id of the token exchange, as real tokens have it in `aud`.
const EXCHANGE_ID: &str = "fb60f99c-7a34-4190-8149-302f77469936";
const ROLE: &str = "ServiceMessage.Read.All";

async fn get(tenant: &Tenant, path: &str, query: Parameters<'_>, headers: Parameters<'_>) -> Answer {
    let mut request = tenant.http.get(tenant.url(path)).query(&query);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.send().await.unwrap()).await
}

/// Asks as a process on App Service, with changes; a blank value takes a parameter out.
async fn app_service(tenant: &Tenant, changes: Parameters<'_>) -> Answer {
    let header = tenant.emulator.identity_header().to_owned();
    let query = with(&[("api-version", "2019-08-01"), ("resource", "https://vault.azure.net")], changes);
    get(tenant, "/msi/token", &query, &[("x-identity-header", &header)]).await
}

/// Asks as a process on a virtual machine, with changes.
async fn machine(tenant: &Tenant, changes: Parameters<'_>) -> Answer {
    let query = with(&[("api-version", "2018-02-01"), ("resource", "https://vault.azure.net")], changes);
    get(tenant, "/metadata/identity/oauth2/token", &query, &[("metadata", "true")]).await
}

fn with<'a>(query: Parameters<'a>, changes: Parameters<'a>) -> Vec<(&'a str, &'a str)> {
    let kept = query.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    kept.chain(changes.iter().filter(|(_, value)| !value.is_empty())).copied().collect()
}

#[tokio::test]
async fn each_form_answers_with_its_own_members_and_times_as_strings() {
    let tenant = Tenant::start().await;
    let body = app_service(&tenant, &[]).await.json();
    let names: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["access_token", "client_id", "expires_on", "resource", "token_type"]);
    let expires = part(body["access_token"].as_str().unwrap(), 1)["exp"].to_string();
    assert_eq!((&body["expires_on"], &body["client_id"]), (&json!(expires), &json!(SYSTEM_ASSIGNED_CLIENT_ID)));
    let body = machine(&tenant, &[]).await.json();
    assert_eq!((&body["expires_in"], &body["resource"]), (&json!("86400"), &json!("https://vault.azure.net")));
    assert!(["expires_on", "not_before", "ext_expires_in"].iter().all(|name| body[*name].is_string()), "{body}");
}

#[tokio::test]
async fn an_identity_is_chosen_by_any_of_its_names_and_none_is_the_system_s() {
    let tenant = Tenant::start().await;
    for (name, choice, client) in [
        ("none", None, SYSTEM_ASSIGNED_CLIENT_ID),
        ("client id", Some(("client_id", USER_ASSIGNED_CLIENT_ID)), USER_ASSIGNED_CLIENT_ID),
        ("object id", Some(("object_id", USER_ASSIGNED_OBJECT_ID)), USER_ASSIGNED_CLIENT_ID),
        ("principal id", Some(("principal_id", USER_ASSIGNED_OBJECT_ID)), USER_ASSIGNED_CLIENT_ID),
        ("resource id", Some(("mi_res_id", USER_ASSIGNED_RESOURCE_ID)), USER_ASSIGNED_CLIENT_ID),
        ("resource id of a machine", Some(("msi_res_id", USER_ASSIGNED_RESOURCE_ID)), USER_ASSIGNED_CLIENT_ID),
        ("the system's, by name", Some(("client_id", SYSTEM_ASSIGNED_CLIENT_ID)), SYSTEM_ASSIGNED_CLIENT_ID),
    ] {
        let choice: Vec<_> = choice.into_iter().collect();
        for answer in [app_service(&tenant, &choice).await, machine(&tenant, &choice).await] {
            assert_eq!(part(&answer.access_token(), 1)["appid"], client, "{name}");
        }
    }
    let counters = tenant.emulator.counters();
    assert_eq!((counters.managed_identity, counters.managed_identity_tokens[USER_ASSIGNED_CLIENT_ID]), (14, 10));
}

#[tokio::test]
async fn what_azure_refuses_is_refused_in_its_words() {
    let tenant = Tenant::start().await;
    let stranger = ("client_id", API_CLIENT_ID);
    let not_found = json!({"error": "invalid_request", "error_description": "Identity not found"});
    let answer = machine(&tenant, &[stranger]).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (400, not_found));
    let answer = app_service(&tenant, &[stranger]).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["statusCode"]), (400, &json!(400)));
    let message = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
    assert_eq!(body["message"], message);
    for (name, changes) in [
        ("no version", ("api-version", "")),
        ("an old version", ("api-version", "2017-09-01")),
        ("no resource", ("resource", "")),
        ("an unknown resource", ("resource", "https://nothing.example")),
    ] {
        assert_eq!(app_service(&tenant, &[changes]).await.status, 400, "{name}");
        assert_eq!(machine(&tenant, &[changes]).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn each_form_has_its_own_guard_against_requests_that_somebody_was_tricked_into() {
    let tenant = Tenant::start().await;
    let header = tenant.emulator.identity_header().to_owned();
    let query: Parameters<'_> = &[("api-version", "2019-08-01"), ("resource", "https://vault.azure.net")];
    let (msi, imds) = ("/msi/token", "/metadata/identity/oauth2/token");
    for (name, path, headers, status) in [
        ("App Service without its header", msi, &[][..], 401),
        ("App Service with another header", msi, &[("x-identity-header", "guess")][..], 401),
        ("App Service with a blank header", msi, &[("x-identity-header", "")][..], 401),
        ("App Service with its header", msi, &[("x-identity-header", header.as_str())][..], 200),
        ("a machine without metadata", imds, &[][..], 400),
        ("a machine with other metadata", imds, &[("metadata", "yes")][..], 400),
        ("a machine behind a proxy", imds, &[("metadata", "true"), ("x-forwarded-for", "10.0.0.1")][..], 400),
        ("a machine", imds, &[("metadata", "true")][..], 200),
    ] {
        assert_eq!(get(&tenant, path, query, headers).await.status.as_u16(), status, "{name}");
    }
    let other = Tenant::start().await;
    assert_ne!(other.emulator.identity_header(), header, "the value is random");
    let told = tenant.get("/_emulator/identity").await.json();
    assert_eq!((&told["endpoint"], &told["header"]), (&json!(tenant.emulator.identity_endpoint()), &json!(header)));
}

#[tokio::test]
async fn without_an_identity_of_its_own_a_machine_means_the_only_other_one() {
    let only_user = Tenant::with(Config::default().without_system_assigned_identity()).await;
    assert_eq!(machine(&only_user, &[]).await.json()["client_id"], USER_ASSIGNED_CLIENT_ID);
    assert_eq!(app_service(&only_user, &[]).await.status, 400, "App Service never guesses");
    let none = Config::default().without_system_assigned_identity().without_user_assigned_identity();
    let none = Tenant::with(none).await;
    assert_eq!(machine(&none, &[]).await.json()["error_description"], "Identity not found");
    assert_eq!(app_service(&none, &[]).await.status, 400);
}

#[tokio::test]
async fn tokens_are_what_each_resource_expects() {
    let tenant = Tenant::with(Config::default().with_graph_role(USER_ASSIGNED_CLIENT_ID, ROLE)).await;
    let v2 = format!("{}/{TENANT_ID}/v2.0", tenant.emulator.http_url());
    let v1 = format!("https://sts.windows.net/{TENANT_ID}/");
    for (resource, audience, issuer, version) in [
        (EXCHANGE, EXCHANGE_ID, &v2, "2.0"),
        ("https://vault.azure.net", "https://vault.azure.net", &v1, "1.0"),
        ("https://graph.microsoft.com", "https://graph.microsoft.com", &v1, "1.0"),
        ("https://graph.microsoft.com/", "https://graph.microsoft.com/", &v1, "1.0"),
        ("https://management.azure.com/", "https://management.azure.com/", &v1, "1.0"),
    ] {
        let answer = app_service(&tenant, &[("resource", resource), ("client_id", USER_ASSIGNED_CLIENT_ID)]).await;
        let claims = part(&answer.access_token(), 1);
        assert_eq!((&claims["aud"], &claims["iss"]), (&json!(audience), &json!(issuer)), "{resource}");
        assert_eq!((&claims["ver"], &claims["idtyp"]), (&json!(version), &json!("app")), "{resource}");
        assert_eq!(claims["sub"], USER_ASSIGNED_OBJECT_ID, "{resource}");
        assert_eq!(claims["oid"], claims["sub"], "{resource}");
        let roles = if resource.contains("graph") { json!([ROLE]) } else { Value::Null };
        assert_eq!(claims["roles"], roles, "{resource}");
    }
}

#[tokio::test]
async fn trouble_and_lifetimes_are_set_for_one_identity() {
    let tenant = Tenant::start().await;
    let (control, place) = (tenant.emulator.control(), Place::ManagedIdentity);
    let user: Parameters<'_> = &[("client_id", USER_ASSIGNED_CLIENT_ID)];
    for (name, fault, status, retry_after) in [
        ("throttled", Fault::Throttled(9), 429, "9"),
        ("unavailable", Fault::Unavailable, 503, ""),
        ("HTML", Fault::Html, 500, ""),
        ("unauthorized", Fault::Unauthorized, 401, ""),
    ] {
        control.set_fault(place, USER_ASSIGNED_CLIENT_ID, fault);
        for answer in [app_service(&tenant, user).await, machine(&tenant, user).await] {
            assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (status, retry_after), "{name}");
        }
        assert_eq!(machine(&tenant, &[]).await.status, 200, "{name}: the other identity works");
    }
    control.clear_fault(place, USER_ASSIGNED_CLIENT_ID);
    control.set_lifetime(place, USER_ASSIGNED_CLIENT_ID, Lifetime::seconds(600));
    assert_eq!(machine(&tenant, user).await.json()["expires_in"], "600");
    assert_eq!(machine(&tenant, &[]).await.json()["expires_in"], "86400");
}

#[tokio::test]
async fn the_object_id_of_the_system_s_identity_is_in_its_tokens() {
    let tenant = Tenant::start().await;
    let claims = part(&machine(&tenant, &[("resource", EXCHANGE)]).await.access_token(), 1);
    assert_eq!(
        (&claims["oid"], &claims["azp"]),
        (&json!(SYSTEM_ASSIGNED_OBJECT_ID), &json!(SYSTEM_ASSIGNED_CLIENT_ID))
    );
}
