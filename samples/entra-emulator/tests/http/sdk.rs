//! Microsoft's own library for Rust, which must not notice that it is not talking to Azure.

use std::{collections::HashMap, sync::Arc};

use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::TokenCredential,
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, ClientOptions, HttpClient, Request, RetryOptions, Transport,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use azure_identity::{
    ClientAssertionCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use entra_emulator::{
    API_CLIENT_ID, Config, SYSTEM_ASSIGNED_CLIENT_ID, TENANT_ID, USER_ASSIGNED_CLIENT_ID, USER_ASSIGNED_OBJECT_ID,
    USER_ASSIGNED_RESOURCE_ID,
};

use super::tenant::{Tenant, part};

const SUBJECT: &str = "system:serviceaccount:prod:message-center";

/// Carries the library's requests; those for the metadata service, whose address is fixed, go to the emulator.
#[derive(Debug)]
pub(crate) struct Carrier {
    pub(crate) http: reqwest::Client,
    pub(crate) host: url::Url,
}

#[async_trait::async_trait]
impl HttpClient for Carrier {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut url = request.url().clone();
        if url.host_str() == Some("169.254.169.254") {
            url.set_host(self.host.host_str()).unwrap();
            url.set_port(self.host.port()).unwrap();
        }
        let method = request.method().to_string().parse::<reqwest::Method>().unwrap();
        let mut carried = self.http.request(method, url);
        for (name, value) in request.headers().iter() {
            carried = carried.header(name.as_str(), value.as_str());
        }
        if let Body::Bytes(bytes) = request.body() {
            carried = carried.body(bytes.clone());
        }
        let io = |error| azure_core::Error::new(ErrorKind::Io, error);
        let answer = carried.send().await.map_err(io)?;
        let status = answer.status().as_u16();
        let own = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            let value = value.to_str().unwrap().to_owned();
            (HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value))
        };
        let headers: HashMap<_, _> = answer.headers().iter().map(own).collect();
        let bytes = answer.bytes().await.map_err(io)?;
        Ok(AsyncRawResponse::from_bytes(status.into(), Headers::from(headers), bytes))
    }
}

/// Options of the library for this tenant, over https with its certificate authority.
fn options(tenant: &Tenant) -> ClientOptions {
    let authority = reqwest::Certificate::from_pem(tenant.emulator.ca_pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
    let host = tenant.emulator.http_url().parse().unwrap();
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = tenant.emulator.https_url();
    ClientOptions {
        transport: Some(Transport::new(Arc::new(Carrier { http, host }))),
        cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    }
}

fn managed_identity(tenant: &Tenant, id: Option<UserAssignedId>) -> Arc<ManagedIdentityCredential> {
    let options = ManagedIdentityCredentialOptions { user_assigned_id: id, client_options: options(tenant) };
    ManagedIdentityCredential::new(Some(options)).unwrap()
}

#[tokio::test]
async fn its_managed_identity_credential_gets_tokens_for_each_identity() {
    let tenant = Tenant::start().await;
    for (name, id, client) in [
        ("the system's", None, SYSTEM_ASSIGNED_CLIENT_ID),
        ("client id", Some(UserAssignedId::ClientId(USER_ASSIGNED_CLIENT_ID.into())), USER_ASSIGNED_CLIENT_ID),
        ("object id", Some(UserAssignedId::ObjectId(USER_ASSIGNED_OBJECT_ID.into())), USER_ASSIGNED_CLIENT_ID),
        ("resource id", Some(UserAssignedId::ResourceId(USER_ASSIGNED_RESOURCE_ID.into())), USER_ASSIGNED_CLIENT_ID),
    ] {
        let credential = managed_identity(&tenant, id);
        let token = credential.get_token(&["https://vault.azure.net/.default"], None).await.unwrap();
        let claims = part(token.token.secret(), 1);
        assert_eq!((&claims["appid"], &claims["aud"]), (&client.into(), &"https://vault.azure.net".into()), "{name}");
        assert_eq!(token.expires_on.unix_timestamp(), claims["exp"].as_i64().unwrap(), "{name}");
        credential.get_token(&["https://vault.azure.net/.default"], None).await.unwrap();
    }
    assert_eq!(tenant.emulator.counters().managed_identity, 4, "it keeps what it has");
}

#[tokio::test]
async fn it_understands_that_an_identity_is_not_assigned() {
    let tenant = Tenant::start().await;
    let credential = managed_identity(&tenant, Some(UserAssignedId::ClientId(API_CLIENT_ID.into())));
    let error = credential.get_token(&["https://vault.azure.net/.default"], None).await.unwrap_err();
    assert!(error.to_string().contains("not been assigned"), "{error}");
}

#[tokio::test]
async fn its_workload_identity_credential_gets_the_app_s_tokens_by_a_file() {
    let tenant = Tenant::with(Config::default().with_federated_workload(SUBJECT)).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let credential = |subject: &str| {
        tenant.emulator.write_workload_token(&path, subject, 3_600).unwrap();
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options: options(&tenant) },
            client_id: Some(API_CLIENT_ID.to_owned()),
            tenant_id: Some(TENANT_ID.to_owned()),
            token_file_path: Some(path.clone()),
        };
        WorkloadIdentityCredential::new(Some(options)).unwrap()
    };
    let good = credential(SUBJECT).get_token(&["https://vault.azure.net/.default"], None).await.unwrap();
    assert_eq!(part(good.token.secret(), 1)["appid"], API_CLIENT_ID);
    let other = credential("system:serviceaccount:prod:other");
    let error = other.get_token(&["https://vault.azure.net/.default"], None).await.unwrap_err();
    assert!(format!("{error:?} {error}").contains("AADSTS700213"), "{error:?}");
}
