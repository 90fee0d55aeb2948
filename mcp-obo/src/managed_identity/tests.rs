use std::{
    future::Future,
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use mcp_auth_layer::EntraApp;
use serde_json::json;
use tower::BoxError;

use super::*;
use crate::{
    credential::{ClientContext, ClientCredential, ManagedIdentity},
    testtenant::{CLIENT, NOW, TENANT, status},
};

const IDENTITY: &str = "aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb";

type Seen = Arc<Mutex<Vec<Request<Bytes>>>>;

/// A machine whose metadata service answers by a script that gets the number of the request.
fn machine<F>(answer: impl Fn(usize) -> F + Clone + Send + Sync + 'static) -> (HttpClient, Seen)
where
    F: Future<Output = Result<Response<Bytes>, BoxError>> + Send + 'static,
{
    let seen = Seen::default();
    let requests = Arc::clone(&seen);
    let http = HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
        let mut requests = requests.lock().unwrap();
        requests.push(request);
        answer(requests.len() - 1)
    }));
    (http, seen)
}

/// A token as the metadata service of a virtual machine issues it; the number tells it from others.
fn issued(number: usize, life: u64) -> Response<Bytes> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let end = NOW + life;
    let claims = URL_SAFE_NO_PAD.encode(json!({"exp": end, "jti": number}).to_string());
    let body = json!({
        "access_token": format!("e30.{claims}.c2ln"), "client_id": IDENTITY, "expires_in": life.to_string(),
        "expires_on": end.to_string(), "not_before": NOW.to_string(), "resource": "r", "token_type": "Bearer",
    });
    status(200, &[("content-type", "application/json")], &body.to_string())
}

fn app(http: HttpClient) -> EntraApp {
    EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap()
}

fn client_id() -> ManagedIdentityId {
    ManagedIdentityId::ClientId(IDENTITY.to_owned())
}

async fn shown(credential: &ManagedIdentity, secs: u64) -> (crate::credential::ClientAuth, String) {
    let endpoint = http::Uri::from_static("https://login.example/token");
    let client = ClientContext::new(CLIENT, &endpoint, UnixTime::from_secs(NOW + secs));
    let auth = credential.authenticate(&client).await.unwrap();
    let jwt = auth.fields()[1].1.to_owned();
    (auth, jwt)
}

#[tokio::test]
async fn the_request_is_the_documented_one() {
    let (http, seen) = machine(|number| async move { Ok(issued(number, 86_400)) });
    let service = MetadataService::new(&http, client_id()).unwrap();
    let (_, end) = service.token("https://graph.microsoft.com/.default").await.unwrap();
    assert_eq!(end, UnixTime::from_secs(NOW + 86_400));
    let seen = seen.lock().unwrap();
    let url = url::Url::parse(&seen[0].uri().to_string()).unwrap();
    assert_eq!(
        (url.scheme(), url.host_str(), url.path()),
        ("http", Some("169.254.169.254"), "/metadata/identity/oauth2/token")
    );
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for (name, value) in [("resource", "https://graph.microsoft.com"), ("client_id", IDENTITY)] {
        assert!(query.contains(&(name.to_owned(), value.to_owned())), "{query:?}");
    }
    assert_eq!(seen[0].headers()["metadata"], "true");
}

#[tokio::test]
async fn an_identity_is_kept_until_shortly_before_its_end() {
    let (http, seen) = machine(|number| async move { Ok(issued(number, 86_400 * (number as u64 + 1))) });
    let identity = ManagedIdentity::user_assigned(&app(http), IDENTITY).unwrap();
    let (auth, first) = shown(&identity, 0).await;
    assert_eq!(shown(&identity, 86_000).await.1, first);
    assert_eq!(seen.lock().unwrap().len(), 1);
    let (_, second) = shown(&identity, 86_340).await;
    assert_ne!(second, first);
    identity.refused(&auth);
    assert_eq!(shown(&identity, 86_340).await.1, second, "a late report costs nothing");
    identity.refused(&crate::credential::ClientAuth::assertion(second.clone().into()));
    assert_ne!(shown(&identity, 86_340).await.1, second);
    assert!(!format!("{identity:?}").contains("e30"), "{identity:?}");
}

#[tokio::test]
async fn the_audience_is_the_clouds() {
    use mcp_auth_layer::cloud::Cloud;
    for (cloud, audience) in [
        (Cloud::Public, "api://AzureADTokenExchange"),
        (Cloud::UsGov, "api://AzureADTokenExchangeUSGov"),
        (Cloud::UsGovDod, "api://AzureADTokenExchangeUSGov"),
        (Cloud::China, "api://AzureADTokenExchangeChina"),
        (Cloud::France, "api://AzureADTokenExchangeFrance"),
        (Cloud::Germany, "api://AzureADTokenExchangeGermany"),
    ] {
        let (http, seen) = machine(|number| async move { Ok(issued(number, 3_600)) });
        let identity = ManagedIdentity::user_assigned(&app(http).with_cloud(cloud), IDENTITY).unwrap();
        shown(&identity, 0).await;
        let url = url::Url::parse(&seen.lock().unwrap()[0].uri().to_string()).unwrap();
        let resource = url.query_pairs().find(|(name, _)| name == "resource").unwrap().1.into_owned();
        assert_eq!(resource, audience, "{cloud:?}");
    }
    let (http, _) = machine(|number| async move { Ok(issued(number, 3_600)) });
    let refused = ManagedIdentity::user_assigned(&app(http).with_cloud(Cloud::Singapore), IDENTITY);
    assert_eq!(refused.unwrap_err(), ManagedIdentityError::Cloud);
}

#[test]
fn only_a_user_assigned_identity_proves_an_app() {
    let (http, _) = machine(|number| async move { Ok(issued(number, 3_600)) });
    let app = app(http);
    let refused = ManagedIdentity::new(&app, ManagedIdentityId::SystemAssigned).unwrap_err();
    assert!(refused.to_string().contains("user-assigned"), "{refused}");
    let resource = |id: &str| ManagedIdentityId::ResourceId(id.to_owned());
    for (name, id) in [
        ("blank", ManagedIdentityId::ClientId(String::new())),
        ("a name", ManagedIdentityId::ClientId("my-identity".to_owned())),
        ("a GUID in braces", ManagedIdentityId::ObjectId(format!("{{{IDENTITY}}}"))),
        ("a GUID without hyphens", ManagedIdentityId::ObjectId(IDENTITY.replace('-', ""))),
        ("a blank path", resource("")),
        ("a relative path", resource("subscriptions/x")),
        ("a path with a space", resource("/subscriptions/x y")),
    ] {
        assert!(matches!(ManagedIdentity::new(&app, id), Err(ManagedIdentityError::Id { .. })), "{name}");
    }
    assert!(ManagedIdentity::new(&app, resource("/subscriptions/x")).is_ok());
    assert!(ManagedIdentity::user_assigned(&app, &format!(" {IDENTITY} ")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_told_in_our_words() {
    type Script = fn(usize) -> Result<Response<Bytes>, BoxError>;
    let scripts: [(&str, Script, ManagedIdentityError); 5] = [
        ("not assigned", |_| Ok(status(400, &[], "hunter2")), ManagedIdentityError::NotAssigned),
        ("forbidden", |_| Ok(status(403, &[], "hunter2")), ManagedIdentityError::Refused { status: 403 }),
        ("no JSON", |_| Ok(status(200, &[], "hunter2")), ManagedIdentityError::Unusable),
        (
            "blank token",
            |_| {
                Ok(status(
                    200,
                    &[],
                    r#"{"access_token":" ","expires_on":"1800003600","token_type":"Bearer","resource":"r"}"#,
                ))
            },
            ManagedIdentityError::Unusable,
        ),
        (
            "no connection",
            |_| Err(io::Error::from(io::ErrorKind::ConnectionRefused).into()),
            ManagedIdentityError::Unreachable { fault: TransportFault::Refused },
        ),
    ];
    for (name, script, expected) in scripts {
        let (http, _) = machine(move |number| async move { script(number) });
        let got = MetadataService::new(&http, client_id()).unwrap().token("r").await.unwrap_err();
        assert_eq!(got, expected, "{name}");
        assert!(!format!("{got:?} {got}").contains("hunter2"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_metadata_service_does_not_hang_an_exchange() {
    let (http, _) = machine(|_| std::future::pending());
    let identity = ManagedIdentity::user_assigned(&app(http), IDENTITY).unwrap();
    let endpoint = http::Uri::from_static("https://login.example/token");
    let client = ClientContext::new(CLIENT, &endpoint, UnixTime::from_secs(NOW));
    let began = tokio::time::Instant::now();
    assert!(identity.authenticate(&client).await.is_err());
    assert!(began.elapsed().as_secs() <= 15);
}
