//! Forms with and without a token, and bodies that are no forms.

use std::convert::Infallible;

use http::StatusCode;
use http_body_util::{BodyExt, Full};
use tower::{ServiceExt, limit::ConcurrencyLimit, service_fn};

use super::*;

async fn echo(request: Request<Peeked<Full<Bytes>>>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(request.into_body().collect().await?.to_bytes()))
}

fn posted(content_types: &[&str], body: &str) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from(body.to_owned()));
    for content_type in content_types {
        request.headers_mut().append(CONTENT_TYPE, content_type.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_form_with_a_token_is_refused_and_everything_else_arrives_as_it_was() {
    const FORM: &str = "application/x-www-form-urlencoded";
    for (name, content_types, body, status) in [
        ("no token", &[FORM][..], "a=1&b=access_token", 200),
        ("empty", &[FORM], "", 200),
        ("a token", &[FORM], "a=1&access_token=x", 400),
        ("a token, encoded", &[FORM], "%61ccess_token=x", 400),
        ("a token in another case", &[FORM], "ACCESS_TOKEN=x", 400),
        ("a token without a value", &[FORM], "access_token", 400),
        ("with a charset", &["Application/X-WWW-Form-Urlencoded; charset=utf-8"], "access_token=x", 400),
        ("two types", &["text/plain", FORM], "access_token=x", 400),
        ("no form", &["text/plain"], "access_token=x", 200),
        ("no type", &[], "access_token=x", 200),
        ("too long", &[FORM], &"a".repeat(101), 413),
        ("just not too long", &[FORM], &"a".repeat(100), 200),
        ("long, but no form", &["text/plain"], &"a".repeat(101), 200),
    ] {
        let service = FormLayer::default().with_limit(100).layer(service_fn(echo));
        let response = service.oneshot(posted(content_types, body)).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{name}");
        assert_eq!(response.body(), if status == 200 { body } else { "" }, "{name}");
    }
}

#[tokio::test]
async fn the_refusal_is_rendered_by_the_bearer_layer() {
    use crate::{bearer::BearerLayer, testtenant};
    let bearer = BearerLayer::with_verifier(testtenant::verifier().0);
    let service = bearer.layer(FormLayer::default().layer(service_fn(echo)));
    let mut request = posted(&["application/x-www-form-urlencoded"], "access_token=x");
    let token = testtenant::token(&testtenant::claims());
    request.headers_mut().insert(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.headers()[http::header::WWW_AUTHENTICATE].to_str().unwrap().contains("error=\"invalid_request\""));
    assert_eq!(response.extensions().get(), Some(&Rejection::Request(RequestFault::InForm)));
}

#[tokio::test]
async fn no_permit_of_a_concurrency_limit_is_lost() {
    let mut service = FormLayer::default().layer(ConcurrencyLimit::new(service_fn(echo), 1));
    for round in 0..4 {
        let body = if round % 2 == 0 { "a=1" } else { "access_token=x" };
        let ready = service.ready().await.unwrap();
        let response = ready.call(posted(&["application/x-www-form-urlencoded"], body)).await.unwrap();
        assert_eq!(response.status().is_success(), round % 2 == 0);
    }
}

#[test]
fn it_is_send_sync_and_clone() {
    fn all<T: Send + Sync + Clone>(_: &T) {}
    all(&FormLayer::default());
    all(&FormLayer::default().layer(service_fn(echo)));
}
